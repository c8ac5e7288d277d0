import { cpSync, existsSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeOpenFolder, writeOpenFile } from '../system/folders.ts';

/** Where the files of `/etc` that differ between sandboxes are; `/etc` itself is one folder shared by all. */
export const PRIVATE_ETC_DIR = 'run/hearth/etc';

/** What programs expect of `/etc` and may see of the host's: names of protocols, fonts, alternatives, no secrets. */
const COPIED = `
  alternatives ca-certificates ca-certificates.conf crypto-policies fonts gai.conf ImageMagick-6
  java-11-openjdk java-17-openjdk java-21-openjdk ld.so.cache ld.so.conf ld.so.conf.d magic magic.mime
  mime.types networks pki protocols python3 rpc services shells ssl/certs ssl/cert.pem ssl/openssl.cnf
  terminfo os-release debian_version perl`
  .trim()
  .split(/\s+/);

const PER_SANDBOX = ['group', 'hostname', 'hosts', 'passwd', 'resolv.conf'];

/** Fills `folder` with the shared part of `/etc`. Times are UTC and names come from files and DNS, as on Lambda. */
export function writeSharedEtc(folder: string, hostEtc = '/etc'): void {
  makeOpenFolder(folder);
  for (const name of COPIED) copyPublic(join(hostEtc, name), join(folder, name));
  writeOpenFile(join(folder, 'nsswitch.conf'), NSSWITCH);
  for (const name of PER_SANDBOX) symlinkSync(`../${PRIVATE_ETC_DIR}/${name}`, join(folder, name));
  symlinkSync('../proc/self/mounts', join(folder, 'mtab'));
  symlinkSync('../usr/share/zoneinfo/UTC', join(folder, 'localtime'));
}

/** Copies what every user may read, and links as they are. */
function copyPublic(source: string, target: string): void {
  if (!existsSync(source)) return;
  makeOpenFolder(dirname(target));
  cpSync(source, target, { recursive: true, verbatimSymlinks: true, filter: isPublic });
}

function isPublic(path: string): boolean {
  const WORLD_READABLE = 0o004;
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && (stat.mode & WORLD_READABLE) !== 0;
}

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
