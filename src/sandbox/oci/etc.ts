import { chmodSync, copyFileSync, lstatSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeOpenFolder, writeOpenFile } from '../system/folders.ts';

/** Where the files of `/etc` that differ between sandboxes are; `/etc` itself is one folder shared by all. */
export const PRIVATE_ETC_DIR = 'run/hearth/etc';

/** What programs expect of `/etc` and may see of the host's; no secrets, and no folder with thousands of files. */
const FILES = `
  ca-certificates.conf debian_version gai.conf ld.so.cache ld.so.conf magic magic.mime mime.types networks os-release
  protocols rpc services shells ssl/cert.pem ssl/openssl.cnf`
  .trim()
  .split(/\s+/);

/** Mounted, since copying their links and certificates took longer than everything else at start. */
const FOLDERS = /^(alternatives|crypto-policies|fonts|java-.+|ld\.so\.conf\.d|pki|terminfo)$/;
const CERTIFICATES = 'ssl/certs';

const PER_SANDBOX = ['group', 'hostname', 'hosts', 'passwd', 'resolv.conf'];

/**
 * Fills `folder` with the shared part of `/etc`, and gives the names of the host's folders to be mounted in it.
 * Times are UTC and names come from files and DNS, as on Lambda.
 */
export function writeSharedEtc(folder: string, hostEtc = '/etc'): readonly string[] {
  makeOpenFolder(folder);
  for (const name of FILES) copyPublic(join(hostEtc, name), join(folder, name));
  writeOpenFile(join(folder, 'nsswitch.conf'), NSSWITCH);
  for (const name of PER_SANDBOX) symlinkSync(`../${PRIVATE_ETC_DIR}/${name}`, join(folder, name));
  symlinkSync('../proc/self/mounts', join(folder, 'mtab'));
  symlinkSync('../usr/share/zoneinfo/UTC', join(folder, 'localtime'));
  const names = [...readdirSync(hostEtc).filter((name) => FOLDERS.test(name)), CERTIFICATES];
  return names.filter((name) => prepareMountPoint(join(hostEtc, name), join(folder, name)));
}

/** Copies what every user may read; a link as it is. */
function copyPublic(source: string, target: string): void {
  const stat = lstatSync(source, { throwIfNoEntry: false });
  if (!stat || stat.isDirectory() || (stat.mode & WORLD_READABLE) === 0) return;
  makeOpenFolder(dirname(target));
  if (stat.isSymbolicLink()) return symlinkSync(readlinkSync(source), target);
  copyFileSync(source, target);
  chmodSync(target, 0o644);
}

/** False where there is nothing to mount; a link to a folder is copied instead. */
function prepareMountPoint(source: string, target: string): boolean {
  const stat = lstatSync(source, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink()) copyPublic(source, target);
  if (!stat?.isDirectory()) return false;
  makeOpenFolder(target);
  return true;
}

const WORLD_READABLE = 0o004;
const NSSWITCH = 'passwd: files\ngroup: files\nhosts: files dns\nprotocols: files\nservices: files\n';

export interface PrivateEtc {
  readonly uid: number;
  readonly hostname: string;
  readonly resolvConf: string;
  /** Name to IPv4 literal. */
  readonly hosts: Readonly<Record<string, string>>;
}

/** Writes the files of one sandbox below its root folder. */
export function writePrivateEtc(root: string, { uid, hostname, resolvConf, hosts }: PrivateEtc): void {
  const write = (name: string, text: string): void => writeOpenFile(join(root, PRIVATE_ETC_DIR, name), text);
  write(
    'passwd',
    `root:x:0:0:root:/root:/sbin/nologin\n${USER}:x:${uid}:${uid}::/home/${USER}:/sbin/nologin\n`,
  );
  write('group', `root:x:0:\n${USER}:x:${uid}:\n`);
  write('hostname', `${hostname}\n`);
  write('hosts', renderHosts({ ...hosts, [hostname]: '127.0.0.1' }));
  write('resolv.conf', resolvConf);
}

/** Lambda's own name for whom a function runs as. */
const USER = 'sbx_user1051';
const HOSTS = '127.0.0.1 localhost\n::1 localhost ip6-localhost\n';
const HOST_LINE = /^[\d.]+ [\w.-]+$/;

function renderHosts(hosts: Readonly<Record<string, string>>): string {
  const lines = Object.entries(hosts).map(([name, address]) => `${address} ${name}`);
  return (
    HOSTS +
    lines
      .filter((line) => HOST_LINE.test(line))
      .map((line) => `${line}\n`)
      .join('')
  );
}
