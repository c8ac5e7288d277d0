/*
 * Forks a process into an isolation of its own: fork TEMPLATE UID PLAN TMP RUN [c:CGROUP | m:MASKED | r:READ_ONLY]...
 *
 * TEMPLATE is the process id of a single-threaded process in a sandbox, about to call fork(2). This program, which runs as
 * root outside, traces it to that call and adds to its flags, so that the child is born in new user, process,
 * mount, network, IPC and UTS namespaces, and stops before its first instruction. No code of the child runs until everything
 * below is done; whatever the child must call itself, this program has it call, in its registers. The system call filter
 * of a template lets those flags through only with a tracer (SECCOMP_RET_TRACE), so that nothing inside can use them.
 *
 *   UID    of template and child, the only one mapped in the child's user namespace; the group has the same number
 *   PLAN   a file, read when SIGUSR1 comes: what becomes of the child's descriptors, a line for each, ascending
 *   TMP    a folder that becomes /tmp;  RUN  one that becomes /run/hearth and has the pipes stdout, stderr and log
 *   c:     a file of a control group that takes a process id;  m: a path below /proc to hide;  r: to make read-only
 *
 * Reports lines on descriptor 1: "ready" the template may run · "born PID" · "started" · "exited CODE" · "killed SIGNAL" ·
 * "failed STEP ERRNO". The child dies with this program. x64 only: registers and numbers are the architecture's.
 */
#include "calls.h"
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/sched.h>

#define WALL 0x40000000
#define MNT_SHM_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define FORK_FLAGS (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD)
#define NEW_NAMESPACES (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
/* Its parent is process 1 of the template's sandbox, which reaps. */
#define ADDED_FLAGS (NEW_NAMESPACES | CLONE_PARENT)
#define SYSCALL_STOP (SIGTRAP | 0x80)
/* The template may make this many system calls until it forks; a handful is normal. */
#define MOST_STEPS 20000
#define PLAN_BYTES 262144
/* Below the stack pointer and its red zone, where nothing lives that matters. */
#define SCRATCH_BYTES 6144
#define MOST_PATH 1024
#define LAST_CAPABILITY 63

struct registers {
    unsigned long r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax, rip, cs, eflags, rsp,
        ss, fs_base, gs_base, ds, es, fs, gs;
};

static long child;

static void say(const char *what, long number, int with_number) {
    char line[128];
    char *end = append_text(line, what);
    if (with_number) {
        *end++ = ' ';
        end = append_number(end, number);
    }
    *end++ = '\n';
    CALL3(__NR_write, 1, line, end - line);
}

static __attribute__((noreturn)) void fail(const char *step, long result) {
    char what[96];
    append_text(append_text(what, "failed "), step);
    if (child > 0) CALL2(__NR_kill, child, SIGKILL);
    say(what, result < 0 ? -result : 0, 1);
    leave(1);
}

static long check(const char *step, long result) {
    if (result < 0) fail(step, result);
    return result;
}

static long trace(long request, long pid, unsigned long address, const void *data) {
    return CALL4(__NR_ptrace, request, pid, address, data);
}

static int wait_for(long pid) {
    int status = 0;
    check("wait", CALL4(__NR_wait4, pid, &status, WALL, 0));
    return status;
}

static int is_stopped(int status) { return (status & 0xff) == 0x7f; }
static int stop_signal(int status) { return (status >> 8) & 0xff; }
static int stop_event(int status) { return status >> 16; }

static struct registers registers_of(long pid) {
    struct registers registers;
    check("getregs", trace(PTRACE_GETREGS, pid, 0, &registers));
    return registers;
}

static void set_registers(long pid, const struct registers *registers) {
    check("setregs", trace(PTRACE_SETREGS, pid, 0, registers));
}

/* --- the template, up to its fork */

/** Lets it run to its next stop; signals of its own are delivered. */
static int step(long pid, int signal) {
    check("step", trace(PTRACE_SYSCALL, pid, 0, (void *)(long)signal));
    int status = wait_for(pid);
    if (!is_stopped(status)) fail("template-died", 0);
    return status;
}

static int signal_to_deliver(int status) {
    if (stop_event(status) || stop_signal(status) == SYSCALL_STOP) return 0;
    return stop_signal(status);
}

/** Runs the template into its fork and gives the child, which has not run yet. */
static long fork_template(long template) {
    int status = wait_for(template);
    int forking = 0;
    for (int steps = 0; steps < MOST_STEPS; steps++) {
        if (!is_stopped(status)) fail("template-died", 0);
        if (stop_event(status) == PTRACE_EVENT_FORK) {
            unsigned long pid = 0;
            if (!forking) fail("fork-of-another-kind", 0);
            check("event", trace(PTRACE_GETEVENTMSG, template, 0, &pid));
            return (long)pid;
        }
        if (stop_signal(status) == SYSCALL_STOP) {
            struct registers registers = registers_of(template);
            if (forking) fail("fork", (long)registers.rax);
            if (registers.orig_rax == __NR_clone && registers.rdi == FORK_FLAGS && registers.rax == (unsigned long)-ENOSYS) {
                forking = 1;
                registers.rdi |= ADDED_FLAGS;
                set_registers(template, &registers);
            }
        }
        status = step(template, signal_to_deliver(status));
    }
    fail("template-does-not-fork", 0);
}

static void release_template(long template) {
    struct registers registers = registers_of(template);
    registers.rdi = FORK_FLAGS;
    set_registers(template, &registers);
    check("detach", trace(PTRACE_DETACH, template, 0, 0));
}

/* --- system calls that the child is made to do */

static struct registers at_birth;

/** The instruction is the child's own, in pages that the template may share and have changed: trust what was called. */
static void check_call(const struct registers *asked) {
    struct registers entered = registers_of(child);
    int same = entered.orig_rax == asked->rax && entered.rip == at_birth.rip && entered.rdi == asked->rdi &&
               entered.rsi == asked->rsi && entered.rdx == asked->rdx && entered.r10 == asked->r10 && entered.r8 == asked->r8;
    if (!same) fail("child-calls-other", 0);
}

static long child_call(long number, long a, long b, long c, long d, long e) {
    struct registers registers = at_birth;
    registers.rax = (unsigned long)number;
    registers.orig_rax = (unsigned long)-1;
    registers.rdi = (unsigned long)a;
    registers.rsi = (unsigned long)b;
    registers.rdx = (unsigned long)c;
    registers.r10 = (unsigned long)d;
    registers.r8 = (unsigned long)e;
    registers.rip = at_birth.rip - 2;
    set_registers(child, &registers);
    for (int stops = 0; stops < 2;) {
        check("child-step", trace(PTRACE_SYSCALL, child, 0, 0));
        int status = wait_for(child);
        if (!is_stopped(status)) {
            child = 0;
            fail("child-died", 0);
        }
        if (stop_signal(status) != SYSCALL_STOP || stop_event(status)) continue;
        if (stops++ == 0) check_call(&registers);
    }
    return (long)registers_of(child).rax;
}

#define IN_CHILD1(n, a) child_call(n, (long)(a), 0, 0, 0, 0)
#define IN_CHILD2(n, a, b) child_call(n, (long)(a), (long)(b), 0, 0, 0)
#define IN_CHILD3(n, a, b, c) child_call(n, (long)(a), (long)(b), (long)(c), 0, 0)
#define IN_CHILD5(n, a, b, c, d, e) child_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

static unsigned long scratch(void) { return (at_birth.rsp - SCRATCH_BYTES) & ~15UL; }

struct piece {
    void *base;
    unsigned long length;
};

static void put(const void *bytes, unsigned long length) {
    struct piece here = {(void *)bytes, length}, there = {(void *)scratch(), length};
    check("put", CALL6(__NR_process_vm_writev, child, &here, 1, &there, 1, 0));
}

static unsigned long put_path(const char *path) {
    unsigned long length = length_of(path) + 1;
    if (length > MOST_PATH) fail("path-too-long", 0);
    put(path, length);
    return scratch();
}

static int get_int(unsigned long address) {
    int value = 0;
    struct piece here = {&value, sizeof value}, there = {(void *)address, sizeof value};
    check("get", CALL6(__NR_process_vm_readv, child, &here, 1, &there, 1, 0));
    return value;
}

/* --- what is done to the child from outside */

static void write_file(const char *step_name, const char *path, const char *text) {
    long fd = check(step_name, CALL2(__NR_open, path, O_WRONLY | O_CLOEXEC));
    check(step_name, CALL3(__NR_write, fd, text, length_of(text)));
    CALL1(__NR_close, fd);
}

static char *path_in_proc(char *to, const char *name) {
    append_text(append_text(append_number(append_text(to, "/proc/"), child), "/"), name);
    return to;
}

static void map_users(long uid) {
    char path[64], map[64];
    char *end = append_number(map, uid);
    *end++ = ' ';
    append_text(append_number(end, uid), " 1\n");
    write_file("uid-map", path_in_proc(path, "uid_map"), map);
    write_file("gid-map", path_in_proc(path, "gid_map"), map);
}

/** `pid` 0 is the caller itself. */
static void join_groups(long pid, char **arguments) {
    char text[24];
    append_number(text, pid);
    for (; *arguments; arguments++) {
        if ((*arguments)[0] == 'c') write_file("cgroup", *arguments + 2, text);
    }
}

/**
 * The first process that joins a group after a pause waits for a grace period of the kernel, 5 to 9 ms; those soon after
 * do not. One that has nothing else to do waits for it while the template forks.
 */
static long warm_groups_up(char **arguments) {
    long pid = check("fork", CALL1(__NR_clone, SIGCHLD));
    if (pid != 0) return pid;
    join_groups(0, arguments);
    leave(0);
}

static long open_namespace(const char *name) {
    char path[64];
    return check("namespace", CALL2(__NR_open, path_in_proc(path, name), O_RDONLY | O_CLOEXEC));
}

static long copy_of_mount(const char *path) {
    return check("open-tree", CALL3(__NR_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
}

static void move(long tree, const char *target) {
    check("move-mount", CALL5(__NR_move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH));
}

/** A view of the processes of the namespace that this process was forked into. */
static long new_proc(void) {
    long context = check("fsopen", CALL2(__NR_fsopen, "proc", FSOPEN_CLOEXEC));
    check("fsconfig", CALL5(__NR_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0));
    return check("fsmount", CALL3(__NR_fsmount, context, FSMOUNT_CLOEXEC,
                                  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
}

/** Paths that this kernel does not have need no hiding. */
static void hide(const char *path) {
    long result = CALL5(__NR_mount, "/dev/null", path, 0, MS_BIND, 0);
    if (result == -ENOTDIR) result = CALL5(__NR_mount, "tmpfs", path, "tmpfs", MS_RDONLY, 0);
    if (result < 0 && result != -ENOENT) fail("hide", result);
}

static void make_read_only(const char *path) {
    long result = CALL5(__NR_mount, path, path, 0, MS_BIND | MS_REC, 0);
    if (result == -ENOENT) return;
    check("read-only", result);
    check("read-only", CALL5(__NR_mount, path, path, 0,
                             MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, 0));
}

/** In a process of its own, since it must be in the child's namespaces: nothing of the template's is left in sight. */
static __attribute__((noreturn)) void mount_all(long mounts, const char *tmp, const char *run, char **arguments) {
    long tmp_tree = copy_of_mount(tmp), run_tree = copy_of_mount(run), proc_tree = new_proc();
    struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
    check("mount-attr", CALL5(__NR_mount_setattr, run_tree, "", AT_EMPTY_PATH, &read_only, sizeof read_only));
    check("setns", CALL2(__NR_setns, mounts, CLONE_NEWNS));
    move(tmp_tree, "/tmp");
    move(run_tree, "/run/hearth");
    move(proc_tree, "/proc");
    check("shm", CALL5(__NR_mount, "shm", "/dev/shm", "tmpfs", MNT_SHM_FLAGS, "mode=1777,size=67108864"));
    for (; *arguments; arguments++) {
        if ((*arguments)[0] == 'm') hide(*arguments + 2);
        if ((*arguments)[0] == 'r') make_read_only(*arguments + 2);
    }
    leave(0);
}

static void mount_in_child(const char *tmp, const char *run, char **arguments) {
    long processes = open_namespace("ns/pid"), mounts = open_namespace("ns/mnt");
    check("setns", CALL2(__NR_setns, processes, CLONE_NEWPID));
    long pid = check("fork", CALL1(__NR_clone, SIGCHLD));
    if (pid == 0) {
        child = 0;
        mount_all(mounts, tmp, run, arguments);
    }
    int status = wait_for(pid);
    /* It said itself what failed. */
    if (status != 0) {
        CALL2(__NR_kill, child, SIGKILL);
        leave(1);
    }
    CALL1(__NR_close, processes);
    CALL1(__NR_close, mounts);
}

/* --- what the child does by our hand */

static void replace(long fd, long by, int flags) {
    if (by == fd) return;
    check("dup", IN_CHILD3(__NR_dup3, by, fd, flags & O_CLOEXEC));
    check("close", IN_CHILD1(__NR_close, by));
}

static void open_in_child(long fd, const char *path, int flags) {
    long opened = IN_CHILD5(__NR_openat, AT_FDCWD, put_path(path), flags, 0, 0);
    if (opened < 0) fail("reopen", opened);
    replace(fd, opened, flags);
}

static int socket_option(long fd, int option) {
    int length = sizeof(int);
    put(&length, sizeof length);
    check("getsockopt", IN_CHILD5(__NR_getsockopt, fd, 1, option, scratch() + 64, scratch()));
    return get_int(scratch() + 64);
}

/** A fresh one of the same kind, which is not connected: what was at the other end of the old one is the template's. */
static void replace_socket(long fd, int flags) {
    enum { SO_TYPE_ = 3, SO_PROTOCOL_ = 38, SO_DOMAIN_ = 39 };
    int domain = socket_option(fd, SO_DOMAIN_), type = socket_option(fd, SO_TYPE_), protocol = socket_option(fd, SO_PROTOCOL_);
    long opened = check("socket", IN_CHILD3(__NR_socket, domain, type | (flags & O_NONBLOCK), protocol));
    replace(fd, opened, flags);
}

static void close_between(long after, long before) {
    if (after + 1 > before - 1) return;
    check("close-range", IN_CHILD3(__NR_close_range, after + 1, before - 1, 0));
}

/** k FD · s FD FLAGS · o FD FLAGS OFFSET PATH · w PATH (the working folder). Whatever has no line is closed. */
static void follow_plan(char *line) {
    long last = 3;
    while (*line) {
        char kind = *line;
        char *rest = line + 2;
        char *end = rest;
        while (*end && *end != '\n') end++;
        if (*end) *end++ = 0;
        if (kind == 'w') check("chdir", IN_CHILD1(__NR_chdir, put_path(rest)));
        else {
            long fd = take_number(&rest);
            close_between(last, fd);
            last = fd;
            int flags = (int)take_number(&rest);
            if (kind == 's') replace_socket(fd, flags);
            if (kind == 'o') {
                long offset = take_number(&rest);
                open_in_child(fd, rest, flags);
                check("seek", IN_CHILD3(__NR_lseek, fd, offset, 0));
            }
        }
        line = end;
    }
    check("close-range", IN_CHILD3(__NR_close_range, last + 1, 0x7fffffff, 0));
}

static void give_outputs(void) {
    open_in_child(1, "/run/hearth/stdout", O_WRONLY);
    open_in_child(2, "/run/hearth/stderr", O_WRONLY);
    open_in_child(3, "/run/hearth/log", O_WRONLY);
}

static void drop_capabilities(void) {
    for (int capability = 0; capability <= LAST_CAPABILITY; capability++) {
        long result = IN_CHILD2(__NR_prctl, PR_CAPBSET_DROP, capability);
        if (result == -EINVAL) break;
        check("bounding", result);
    }
    struct {
        struct __user_cap_header_struct header;
        struct __user_cap_data_struct data[2];
    } none = {{_LINUX_CAPABILITY_VERSION_3, 0}, {{0, 0, 0}, {0, 0, 0}}};
    put(&none, sizeof none);
    check("capset", IN_CHILD2(__NR_capset, scratch(), scratch() + sizeof none.header));
}

/** What Linux itself says of the child: not one capability, no_new_privs, a filter. */
static void verify_child(void) {
    static char status[8192];
    static const char *const needed[] = {"\nCapInh:\t0000000000000000\n", "\nCapPrm:\t0000000000000000\n",
                                         "\nCapEff:\t0000000000000000\n", "\nCapBnd:\t0000000000000000\n",
                                         "\nCapAmb:\t0000000000000000\n", "\nNoNewPrivs:\t1\n", "\nSeccomp:\t2\n"};
    char path[64];
    long fd = check("status", CALL2(__NR_open, path_in_proc(path, "status"), O_RDONLY | O_CLOEXEC));
    long length = check("status", CALL3(__NR_read, fd, status, sizeof status - 1));
    CALL1(__NR_close, fd);
    status[length] = 0;
    for (unsigned long index = 0; index < sizeof needed / sizeof *needed; index++) {
        if (!contains(status, needed[index])) fail("still-privileged", 0);
    }
}

static char plan[PLAN_BYTES];

static void read_plan(const char *path) {
    unsigned long signals = 1UL << (SIGUSR1 - 1);
    long signal;
    do signal = CALL4(__NR_rt_sigtimedwait, &signals, 0, 0, sizeof signals);
    while (signal == -EINTR);
    long fd = check("plan", CALL2(__NR_open, path, O_RDONLY | O_CLOEXEC));
    unsigned long length = 0;
    for (;;) {
        long count = check("plan", CALL3(__NR_read, fd, plan + length, PLAN_BYTES - 1 - length));
        if (count == 0) break;
        length += (unsigned long)count;
    }
    if (length >= PLAN_BYTES - 1) fail("plan-too-long", 0);
    plan[length] = 0;
    CALL1(__NR_close, fd);
}

static void start_child(void) {
    at_birth.rdi = FORK_FLAGS;
    at_birth.rax = 0;
    at_birth.orig_rax = (unsigned long)-1;
    set_registers(child, &at_birth);
    /* From here on the filter's "trace" means no, as for everybody without a tracer. */
    check("options", trace(PTRACE_SETOPTIONS, child, 0, (void *)(long)PTRACE_O_EXITKILL));
    say("started", 0, 0);
    check("start", trace(PTRACE_CONT, child, 0, 0));
}

/** Stays until the child ends, since only its parent and its tracer learn how. */
static __attribute__((noreturn)) void watch_child(void) {
    for (;;) {
        int status = wait_for(child);
        if ((status & 0x7f) == 0) {
            say("exited", (status >> 8) & 0xff, 1);
            leave(0);
        }
        if (!is_stopped(status)) {
            say("killed", status & 0x7f, 1);
            leave(0);
        }
        if (stop_event(status) == PTRACE_EVENT_STOP) {
            int signal = stop_signal(status);
            int job_control = signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
            trace(job_control ? PTRACE_LISTEN : PTRACE_CONT, child, 0, 0);
        } else trace(PTRACE_CONT, child, 0, (void *)(long)stop_signal(status));
    }
}

__attribute__((noreturn, used)) void fork_main(long *stack) {
    char **argv = (char **)(stack + 1);
    if (stack[0] < 6) leave(125);
    long template = take_number(&argv[1]);
    long uid = take_number(&argv[2]);
    char **rest = argv + 6;
    unsigned long usr1 = 1UL << (SIGUSR1 - 1);
    CALL4(__NR_rt_sigprocmask, SIG_BLOCK, &usr1, 0, sizeof usr1);
    /* The child inherits them: without us it must not run a single instruction, with the capabilities that it has. */
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL;
    check("seize", trace(PTRACE_SEIZE, template, 0, (void *)options));
    check("interrupt", trace(PTRACE_INTERRUPT, template, 0, 0));
    say("ready", 0, 0);
    long warm_up = warm_groups_up(rest);
    child = fork_template(template);
    if (!is_stopped(wait_for(child))) fail("child-died", 0);
    check("options", trace(PTRACE_SETOPTIONS, child, 0, (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)));
    at_birth = registers_of(child);
    release_template(template);
    map_users(uid);
    wait_for(warm_up);
    join_groups(child, rest);
    /* Now the template's groups can be frozen, and the child is not among them. */
    say("born", child, 1);
    mount_in_child(argv[4], argv[5], rest);
    read_plan(argv[3]);
    give_outputs();
    follow_plan(plan);
    drop_capabilities();
    verify_child();
    start_child();
    watch_child();
}

__asm__(".globl _start\n_start:\n\txor %rbp, %rbp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall fork_main\n");
