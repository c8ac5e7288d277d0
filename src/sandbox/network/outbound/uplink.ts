import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../base/index.ts';
import { UPLINK } from './addresses.ts';
import { UPLINK_NAME } from './firewall.ts';
import type { OutboundPrograms } from './programs.ts';

const LONGEST_START_MS = 5000;
const LONGEST_COMPLAINT = 2000;

/** A running `pasta`: the one way from the router to the world, through ordinary sockets of the host. */
export interface Uplink {
  /** Settles when the program ends, with what it complained about. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

export interface UplinkOptions {
  readonly programs: OutboundPrograms;
  /** Holds the router's namespace. */
  readonly namespaceFd: number;
  /** Only root may write there. */
  readonly folder: string;
  readonly clock: Clock;
}

/**
 * Starts `pasta` and waits until it carries traffic; rejects with its complaint. No port of the host leads in, the
 * gateway's address is not mapped to the host's loopback, and IPv6 stays off.
 *
 * `--runas 0`: as another user it could not enter a namespace of root's; it drops all capabilities but two, has a
 * seccomp filter and an empty root. The namespace comes as descriptor 0, since without `CAP_SYS_PTRACE` it cannot open
 * `/proc/PID/fd`, and newer versions close every descriptor but the first three. `setpriv` has the kernel kill it
 * when Hearth dies.
 */
export async function startUplink({ programs, namespaceFd, folder, clock }: UplinkOptions): Promise<Uplink> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const pidFile = join(folder, `uplink-${process.pid}.pid`);
  rmSync(pidFile, { force: true });
  const running = watch(folder).on('error', () => undefined);
  const child = spawn(programs.setpriv, ['--pdeathsig', 'KILL', programs.pasta, ...pastaArguments(pidFile)], {
    stdio: [namespaceFd, 'ignore', 'pipe'],
    // Out of the terminal's foreground group: Ctrl-C asks Hearth to finish what runs, which needs the way out until the end.
    detached: true,
  });
  const ended = endOf(child);
  const started = new Promise<boolean>((resolve) => {
    running.on('change', () => {
      if (readPid(pidFile) !== undefined) resolve(true);
    });
    void ended.then(() => resolve(false));
    clock.setTimer(LONGEST_START_MS, () => resolve(false));
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    rmSync(pidFile, { force: true });
  };
  const ready = await started;
  running.close();
  if (ready) return { ended, stop };
  await stop();
  throw new Error(`pasta: ${await ended}`);
}

function pastaArguments(pidFile: string): string[] {
  const { address, gateway, netmask } = UPLINK;
  const identity = ['--foreground', '--runas', '0', '--pid', pidFile];
  const namespace = ['--netns-only', '--netns', '/proc/self/fd/0', '--no-netns-quit'];
  const device = ['--ipv4-only', '--config-net', '--ns-ifname', UPLINK_NAME];
  const addresses = ['--address', address, '--netmask', netmask, '--gateway', gateway, '--no-map-gw'];
  const services = ['--no-dhcp', '--no-dhcpv6', '--no-ra', '--no-ndp', '--no-icmp', '--dns', 'none'];
  const ports = ['--tcp-ports', 'none', '--udp-ports', 'none', '--tcp-ns', 'none', '--udp-ns', 'none'];
  return [identity, namespace, device, addresses, services, ports].flat();
}

/** What the program wrote to standard error when it ended, without its trouble with a missing system log. */
function endOf(child: ChildProcess): Promise<string> {
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-LONGEST_COMPLAINT);
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => {
      const lines = complaint.split('\n').filter((line) => line !== '' && !line.includes('syslog'));
      resolve(lines.at(-1) ?? `ended with ${signal ?? code}`);
    });
  });
}

/** Ends every uplink in the folder whose server is gone; gives a line for each. */
export function sweepUplinks(folder: string): string[] {
  const files = readdirSync(folder).filter((name) => /^uplink-\d+\.pid$/.test(name));
  return files.flatMap((name) => {
    const file = join(folder, name);
    const pid = readPid(file);
    const parent = pid === undefined ? undefined : parentOfUplink(pid, file);
    if (parent === Number(name.slice('uplink-'.length, -'.pid'.length))) return [];
    if (pid !== undefined && parent !== undefined) process.kill(pid, 'SIGKILL');
    rmSync(file, { force: true });
    return [`uplink ${name}`];
  });
}

function readPid(file: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
}

/** The parent of the process, if it is the uplink that wrote this file and not a stranger with its number. */
function parentOfUplink(pid: number, file: string): number | undefined {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(file)) return undefined;
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}
