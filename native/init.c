/*
 * Process 1 of a sandbox: init STATUS_FD KEEP COMPANIONS [WITHHELD COMPANION...] COMMAND [ARGUMENT...]
 *
 * Runs COMMAND as its child, so that signals mean to it what they mean everywhere (the kernel spares process 1 of a
 * namespace), reaps orphans, passes signals on, and reports on STATUS_FD in messages of two bytes:
 *
 *   'S' 0        COMMAND runs            'X' code     COMMAND exited
 *   'E' errno    it cannot be executed   'K' signal   a signal ended COMMAND
 *
 * When COMMAND ends so does this, and with process 1 the kernel kills everything else in the namespace.
 *
 * COMPANIONS is how many programs run beside the command, 0 for most. Each writes to a descriptor of its own, which
 * follow STATUS_FD, and does not get the variables named in WITHHELD, a list with commas. They start at once, COMMAND on
 * START_COMMAND; KILL_COMMAND kills it alone. Two more messages, and this stays until the last of them all has ended:
 *
 *   'C' index    the next message is about this companion   'W' 0   all of them were started, COMMAND waits
 *
 * KEEP is two digits, for HOME and PWD, 0 where it goes: an OCI runtime sets both where nobody asked for them.
 *
 * No C library: 3 KB of memory in each sandbox, nothing to find at run time. Built by build.sh for x64 and arm64.
 */
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/prctl.h>
#include <linux/signal.h>

#define ALL_SIGNALS (~0UL)
#define WNOHANG 1
#define START_COMMAND 34
#define KILL_COMMAND 35
#define MAX_COMPANIONS 16

static long call(long number, long a, long b, long c, long d, long e) {
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
#else
#error "no system calls for this architecture"
#endif
}

#define CALL0(n) call(n, 0, 0, 0, 0, 0)
#define CALL1(n, a) call(n, (long)(a), 0, 0, 0, 0)
#define CALL2(n, a, b) call(n, (long)(a), (long)(b), 0, 0, 0)
#define CALL3(n, a, b, c) call(n, (long)(a), (long)(b), (long)(c), 0, 0)
#define CALL4(n, a, b, c, d) call(n, (long)(a), (long)(b), (long)(c), (long)(d), 0)

static __attribute__((noreturn)) void leave(int code) {
    for (;;) CALL1(__NR_exit_group, code);
}

static int status_fd;

static void report(char kind, int value) {
    char message[2] = {kind, (char)value};
    CALL3(__NR_write, status_fd, message, 2);
}

static int starts_with(const char *text, const char *prefix) {
    while (*prefix) {
        if (*text++ != *prefix++) return 0;
    }
    return 1;
}

/** Takes a variable out of a null-terminated list of NAME=value; `prefix` ends with the equals sign. */
static void remove_variable(char **environment, const char *prefix) {
    char **kept = environment;
    for (char **entry = environment; *entry; entry++) {
        if (!starts_with(*entry, prefix)) *kept++ = *entry;
    }
    *kept = 0;
}

static const char *search_path(char **environment) {
    for (; *environment; environment++) {
        if (starts_with(*environment, "PATH=")) return *environment + 5;
    }
    return "/usr/bin:/bin";
}

static int has_slash(const char *name) {
    for (; *name; name++) {
        if (*name == '/') return 1;
    }
    return 0;
}

/** Tries NAME in each folder of PATH; gives the most telling error, as execvp(3) does. */
static int execute_in_path(char **command, char **environment) {
    char path[PATH_MAX];
    int error = ENOENT;
    for (const char *folder = search_path(environment); *folder;) {
        unsigned long length = 0;
        for (; *folder && *folder != ':'; folder++) {
            if (length < PATH_MAX - 2) path[length++] = *folder;
        }
        if (*folder == ':') folder++;
        path[length++] = '/';
        for (const char *name = *command; *name && length < PATH_MAX - 1; name++) path[length++] = *name;
        path[length] = 0;
        int failure = (int)-CALL3(__NR_execve, path, command, environment);
        if (failure != ENOENT && failure != ENOTDIR) error = failure;
    }
    return error;
}

static int execute(char **command, char **environment) {
    if (has_slash(*command)) return (int)-CALL3(__NR_execve, *command, command, environment);
    return execute_in_path(command, environment);
}

static __attribute__((noreturn)) void become(char **command, char **environment, int error_fd) {
    unsigned long no_signals = 0;
    CALL4(__NR_rt_sigprocmask, SIG_SETMASK, &no_signals, 0, sizeof no_signals);
    unsigned char error = (unsigned char)execute(command, environment);
    CALL3(__NR_write, error_fd, &error, 1);
    leave(127);
}

/** Takes the variables out whose names stand in a list with commas. */
static void withhold(char **environment, const char *names) {
    char prefix[256];
    while (*names) {
        unsigned long length = 0;
        for (; *names && *names != ','; names++) {
            if (length < sizeof prefix - 2) prefix[length++] = *names;
        }
        if (*names == ',') names++;
        prefix[length++] = '=';
        prefix[length] = 0;
        remove_variable(environment, prefix);
    }
}

struct program {
    char **arguments;
    char **environment;
    /* Becomes its standard output and error, and what it has of our descriptors ends there; -1 for the command. */
    int output;
    const char *withheld;
};

static __attribute__((noreturn)) void become_companion(struct program *program, int error_fd) {
    for (int fd = 1; fd < 3; fd++) CALL3(__NR_dup3, program->output, fd, 0);
    CALL1(__NR_close, 3);
    withhold(program->environment, program->withheld);
    become(program->arguments, program->environment, error_fd);
}

/** Starts a program and reports; returns its process id, or 0 when it cannot be executed. */
static long start(struct program *program) {
    int error_pipe[2];
    unsigned char error = 0;
    if (CALL2(__NR_pipe2, error_pipe, O_CLOEXEC) < 0) leave(125);
    long pid = CALL1(__NR_clone, SIGCHLD);
    if (pid == 0 && program->output >= 0) become_companion(program, error_pipe[1]);
    if (pid == 0) become(program->arguments, program->environment, error_pipe[1]);
    CALL1(__NR_close, error_pipe[1]);
    if (pid < 0) error = (unsigned char)-pid;
    /* Ends without a byte when the program took over, since the pipe closes on execution. */
    else CALL3(__NR_read, error_pipe[0], &error, 1);
    CALL1(__NR_close, error_pipe[0]);
    report(error ? 'E' : 'S', error);
    return error ? 0 : pid;
}

static struct program command;
/* 0 before it was started, -1 once it has ended. */
static long command_pid;
static long companion_pids[MAX_COMPANIONS];
static int companions;

static void start_command(void) {
    if (command_pid) return;
    command_pid = start(&command);
    if (!command_pid && !companions) leave(127);
    if (!command_pid) command_pid = -1;
    for (int fd = 0; fd < status_fd; fd++) CALL1(__NR_close, fd);
}

static void start_companions(char **paths, char **environment, const char *withheld) {
    for (int index = 0; index < companions; index++) {
        char *arguments[] = {paths[index], 0};
        struct program program = {arguments, environment, status_fd + 1 + index, withheld};
        report('C', index);
        companion_pids[index] = start(&program);
        CALL1(__NR_close, program.output);
    }
    report('W', 0);
}

static void report_end(int status) {
    if (status & 0x7f) report('K', status & 0x7f);
    else report('X', (status >> 8) & 0xff);
}

static void leave_if_alone(void) {
    if (command_pid >= 0) return;
    for (int index = 0; index < companions; index++) {
        if (companion_pids[index]) return;
    }
    leave(0);
}

static void ended(long pid, int status) {
    if (pid == command_pid) {
        command_pid = -1;
        report_end(status);
    }
    for (int index = 0; index < companions; index++) {
        if (pid != companion_pids[index]) continue;
        companion_pids[index] = 0;
        report('C', index);
        report_end(status);
    }
}

static void reap(void) {
    int status;
    for (;;) {
        long pid = CALL4(__NR_wait4, -1, &status, WNOHANG, 0);
        if (pid <= 0) break;
        ended(pid, status);
    }
    leave_if_alone();
}

static void handle(int signal) {
    if (signal == SIGCHLD) reap();
    else if (companions && signal == START_COMMAND) start_command();
    else if (command_pid > 0) {
        CALL2(__NR_kill, command_pid, companions && signal == KILL_COMMAND ? SIGKILL : signal);
    }
}

static int parse_number(const char *text) {
    int number = 0;
    while (*text >= '0' && *text <= '9') number = number * 10 + (*text++ - '0');
    return number;
}

__attribute__((noreturn, used)) void init_main(long *stack) {
    long argc = stack[0];
    char **argv = (char **)(stack + 1);
    char **environment = argv + argc + 1;
    if (argc < 5) leave(125);
    status_fd = parse_number(argv[1]);
    if (argv[2][0] == '0') remove_variable(environment, "HOME=");
    if (argv[2][1] == '0') remove_variable(environment, "PWD=");
    companions = parse_number(argv[3]);
    if (companions > MAX_COMPANIONS || argc < 5 + companions) leave(125);
    for (int fd = status_fd; fd <= status_fd + companions; fd++) CALL3(__NR_fcntl, fd, F_SETFD, FD_CLOEXEC);
    /* Nobody inside may look into this process, its descriptors least of all. */
    CALL2(__NR_prctl, PR_SET_DUMPABLE, 0);
    unsigned long all = ALL_SIGNALS;
    CALL4(__NR_rt_sigprocmask, SIG_SETMASK, &all, 0, sizeof all);
    command.arguments = argv + 4 + (companions ? 1 + companions : 0);
    command.environment = environment;
    command.output = -1;
    if (companions) start_companions(argv + 5, environment, argv[4]);
    else start_command();
    for (;;) {
        int signal = (int)CALL4(__NR_rt_sigtimedwait, &all, 0, 0, sizeof all);
        if (signal > 0) handle(signal);
    }
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %rbp, %rbp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall init_main\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tmov x29, #0\n\tmov x0, sp\n\tbl init_main\n");
#endif
