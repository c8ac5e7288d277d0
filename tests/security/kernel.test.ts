import { expect } from 'vitest';
import { attackTest as test, battlefield } from '../support/attacks.ts';

/** What a hostile function asks of the kernel, and of its own root file system. */
const field = battlefield();

/** By number, as no library would: 0 where a call got through, else the name of the error. */
const CALLS = `
import ctypes, errno, platform
libc = ctypes.CDLL(None, use_errno=True)
x64 = platform.machine() == "x86_64"
result = {}
def call(name, on_x64, on_arm64, *args):
    ctypes.set_errno(0)
    answer = libc.syscall(ctypes.c_long(on_x64 if x64 else on_arm64), *[ctypes.c_long(a) for a in args])
    result[name] = "allowed" if answer != -1 else errno.errorcode.get(ctypes.get_errno(), "?")
`;

async function refusals(calls: string): Promise<unknown> {
  const answers = (await field.python(CALLS + calls)) as Record<string, string>;
  return Object.entries(answers).filter(([, answer]) => answer !== 'EPERM');
}

test('traces no process and reads no memory of another', async () => {
  expect(
    await refusals(`
call("ptrace TRACEME", 101, 117, 0, 0, 0, 0)
call("ptrace ATTACH", 101, 117, 16, 1, 0, 0)
call("process_vm_readv", 310, 270, 1, 0, 0, 0, 0, 0)
call("process_vm_writev", 311, 271, 1, 0, 0, 0, 0, 0)
call("pidfd_getfd", 438, 438, 0, 0, 0)
call("kcmp", 312, 272, 1, 1, 0, 0, 0)
`),
  ).toEqual([]);
  expect(
    await field.shell('cat /proc/1/environ /proc/1/mem; ls /proc/1/fd /proc/1/root/; true'),
  ).not.toContain('\0');
});

test('mounts nothing, and makes no namespace: by unshare, by clone, by clone3, by setns', async () => {
  expect(
    await refusals(`
for name, flag in (("user", 0x10000000), ("pid", 0x20000000), ("net", 0x40000000), ("mnt", 0x20000), ("cgroup", 0x2000000), ("time", 0x80)):
    call("unshare " + name, 272, 97, flag)
for name, flag in (("user", 0x10000000), ("net", 0x40000000), ("mnt", 0x20000)):
    call("clone " + name, 56, 220, flag | 17, 0, 0, 0, 0)
call("setns", 308, 268, 0, 0)
call("mount", 165, 40, 0, 0, 0, 0, 0)
call("umount2", 166, 39, 0, 2)
call("pivot_root", 155, 41, 0, 0)
call("chroot", 161, 51, 0)
call("fsopen", 430, 430, 0, 0)
call("open_tree", 428, 428, 0, 0, 0)
call("move_mount", 429, 429, 0, 0, 0, 0, 0)
call("mount_setattr", 442, 442, 0, 0, 0, 0, 0)
`),
  ).toEqual([]);
  expect(await field.python(`${CALLS}call("clone3", 435, 435, 0, 0)`)).toEqual({ clone3: 'ENOSYS' });
  expect(await field.shell('unshare -Ur id -u; mount -t tmpfs x /tmp; mount | grep -c "^x "; true')).toMatch(
    /\n0\n$/,
  );
});

test('gets no handle on keys, filters, tracing, asynchronous rings, modules or clocks of the kernel', async () => {
  expect(
    await refusals(`
call("keyctl", 250, 219, 0, 0, 0)
call("add_key", 248, 217, 0, 0, 0, 0, 0)
call("request_key", 249, 218, 0, 0, 0, 0)
call("bpf", 321, 280, 0, 0, 0)
call("perf_event_open", 298, 241, 0, 0, 0, 0, 0)
call("userfaultfd", 323, 282, 0)
call("io_uring_setup", 425, 425, 1, 0)
call("io_uring_enter", 426, 426, 0, 0, 0, 0, 0, 0)
call("open_by_handle_at", 304, 265, 0, 0, 0)
call("name_to_handle_at", 303, 264, 0, 0, 0, 0, 0)
call("init_module", 175, 105, 0, 0, 0)
call("finit_module", 313, 273, 0, 0, 0)
call("kexec_load", 246, 104, 0, 0, 0, 0)
call("reboot", 169, 142, 0, 0, 0, 0)
call("syslog", 103, 116, 3, 0, 0)
call("settimeofday", 164, 170, 0, 0)
call("sethostname", 170, 161, 0, 0)
call("quotactl", 179, 60, 0, 0, 0, 0)
call("fanotify_init", 300, 262, 0, 0)
`),
  ).toEqual([]);
});

test('opens no socket but those of Unix, IPv4 and IPv6 streams and datagrams, and routing queries', async () => {
  expect(
    await refusals(`
for name, family, kind, protocol in (("raw ip", 2, 3, 1), ("raw ip6", 10, 3, 58), ("packet", 17, 3, 0x300), ("vsock", 40, 1, 0), ("alg", 38, 5, 0),
    ("netfilter", 16, 3, 12), ("xfrm", 16, 3, 6), ("audit", 16, 3, 9), ("kobject", 16, 3, 15), ("generic", 16, 3, 16),
    ("bluetooth", 31, 3, 1), ("can", 29, 3, 1), ("tipc", 30, 1, 0), ("xdp", 44, 3, 0), ("rds", 21, 5, 0), ("key", 15, 3, 2)):
    call(name, 41, 198, family, kind, protocol)
`),
  ).toEqual([]);
  const fine = `
import socket
for family, kind in ((socket.AF_UNIX, socket.SOCK_STREAM), (socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_INET6, socket.SOCK_STREAM)):
    socket.socket(family, kind).close()
result = socket.if_nameindex()[0][1]
`;
  expect(await field.python(fine)).toBe('lo');
});

test('changes no route, address or firewall of its network', async () => {
  const code = `
import socket, struct
# RTM_DELROUTE and RTM_NEWADDR with nothing in them: without the capability the kernel does not look further.
result = []
for kind in (25, 20, 16, 24):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as routes:
        routes.send(struct.pack("=IHHII", 28, kind, 5, 1, 0) + bytes(12))
        length, answer, flags, number, pid, error = struct.unpack("=IHHIIi", routes.recv(4096)[:20])
        result.append([answer, error])
`;
  expect(await field.python(code)).toEqual(Array.from({ length: 4 }, () => [2, -1]));
});

test('gains nothing by programs that run as their owner', async () => {
  const answer = await field.shell(
    'cp /usr/bin/id /tmp/id && chmod 6755 /tmp/id && /tmp/id -u; for p in $(find /usr/bin /usr/sbin -perm -4000 2>/dev/null); do echo "$p"; done | grep -c . ; su -c "id -u" < /dev/null; passwd -d root; grep -E "^(NoNewPrivs|CapEff|CapBnd|Seccomp):" /proc/self/status',
  );
  expect(answer).toMatch(/^\d{10}\n/);
  expect(answer).not.toMatch(/password changed|uid=0|\n0\n/);
  expect(answer).toMatch(/CapEff:\t0+\nCapBnd:\t0+\nNoNewPrivs:\t1\nSeccomp:\t2/);
});

test('writes to nothing but /tmp and shared memory: not its code, layers, runtime, /proc/sys or /sys', async () => {
  const answer = await field.shell(`
for d in / /var /var/task /var/runtime /var/lang /opt /usr /usr/bin /etc /home /root /run /run/hearth /run/hearth/etc /dev /dev/shm /proc /sys /tmp; do
  (echo x > "$d/probe") 2>/dev/null && echo "$d"
done
for f in /var/task/bootstrap /etc/passwd /etc/resolv.conf /run/hearth/etc/hosts $(find /proc/sys /proc/irq /proc/fs -type f 2>/dev/null) /proc/sysrq-trigger /proc/1/oom_score_adj; do
  (exec 9>> "$f") 2>/dev/null && echo "$f"
done
ls /sys /sys/fs/cgroup
grep -c " - cgroup" /proc/self/mountinfo
true`);
  expect(answer.replaceAll(/^ls: .*\n/gm, '')).toBe('/dev/shm\n/tmp\n0\n');
});

test('turns no link in /tmp into a way out, and no hard link into a way to change its code', async () => {
  const answer = await field.shell(`
cd /tmp; ln -s / root; ln -s /proc/1/root escape; ln -s /var/task/bootstrap code
ln /var/task/bootstrap /tmp/hard; ln /etc/passwd /tmp/passwd
echo x > code; echo x > root/probe; ls escape/; cat root/etc/shadow
mkdir -p deep; cd deep; for i in $(seq 1 300); do mkdir dddddddddddddddd && cd dddddddddddddddd || break; done; pwd | wc -c
chmod 000 /tmp/deep; true`);
  expect(answer).toContain('Invalid cross-device link');
  expect(answer).toMatch(/code: Read-only file system/);
  expect(answer).toMatch(/root\/probe: Read-only file system/);
  expect(answer).toMatch(/escape\/': Permission denied/);
  expect(answer).not.toMatch(/root:[*!$]/);
  expect(answer).toMatch(/^51\d\d$/m);
});
