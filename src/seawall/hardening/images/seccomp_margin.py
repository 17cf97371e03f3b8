"""System calls that a seccomp profile lets through although they were not seen, and why.

The calls of a runtime are those that it makes between loading the filter and executing the program.
They were seen by tracing runc 1.1.5 (as root and not, with ``noNewPrivileges`` and without, ``run``
and ``exec``); those of crun 1.x and of newer runc are read from their sources
(``libcrun/container.c``: ``container_init``; ``libcontainer``: ``finalizeNamespace``).
"""

from typing import NamedTuple


class Group(NamedTuple):
    """Calls that belong together."""

    why: str
    names: frozenset[str]


def _group(why: str, names: str) -> Group:
    return Group(why, frozenset(names.split()))


ALWAYS = (
    _group(
        "what runc and crun call between loading this filter and executing the program, also for "
        "an exec probe",
        "access capget capset chdir close close_range dup3 epoll_create1 epoll_ctl epoll_pwait "
        "eventfd2 execve faccessat faccessat2 fchdir fchown fcntl fstat fstatfs futex getcwd "
        "getdents64 getgid getegid getgroups geteuid getpid getppid gettid getuid ioctl lseek "
        "newfstatat openat openat2 pipe2 prctl prlimit64 pselect6 read readlinkat select setgid "
        "setgroups setresgid setresuid setuid stat statx umask write",
    ),
    _group(
        "how any process ends, returns from a signal, aborts or goes on after it was stopped",
        "exit exit_group getpid gettid kill restart_syscall rt_sigaction rt_sigprocmask "
        "rt_sigreturn sigaltstack sigreturn tgkill",
    ),
    _group(
        "time and place, which are read without a call where the machine has a vDSO for them and "
        "with one where it has not",
        "clock_getres clock_getres_time64 clock_gettime clock_gettime64 getcpu gettimeofday time",
    ),
    _group(
        "memory and locks: which calls they take depends on load, kernel and number of processors",
        "brk futex futex_time64 get_robust_list madvise mmap mmap2 mprotect mremap munmap "
        "sched_getaffinity sched_yield",
    ),
    _group(
        "what the C library and its loader do when a program or a thread starts",
        "access arch_prctl getrandom getrlimit ugetrlimit mmap openat pread64 prlimit64 read "
        "readlink readlinkat rseq set_robust_list set_thread_area set_tid_address uname",
    ),
    _group(
        "waiting: what a program waits for, and how it goes on when it is interrupted, depends on "
        "load; one that may not wait runs in circles",
        "clock_nanosleep clock_nanosleep_time64 nanosleep pause poll ppoll ppoll_time64 pselect6 "
        "pselect6_time64 rt_sigpending rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 select "
        "_newselect wait4 waitid waitpid",
    ),
)
"""Let through in every profile."""

FAMILIES = tuple(
    frozenset(words.split())
    for words in (
        "read readv pread64 preadv preadv2",
        "write writev pwrite64 pwritev pwritev2",
        "open openat openat2 creat",
        "close close_range",
        "stat stat64 lstat lstat64 fstat fstat64 newfstatat fstatat64 statx",
        "access faccessat faccessat2",
        "readlink readlinkat",
        "statfs statfs64 fstatfs fstatfs64",
        "lseek _llseek",
        "fcntl fcntl64",
        "dup dup2 dup3",
        "pipe pipe2",
        "truncate truncate64 ftruncate ftruncate64",
        "fsync fdatasync sync_file_range",
        "getdents getdents64",
        "mkdir mkdirat",
        "mknod mknodat",
        "rmdir unlink unlinkat",
        "rename renameat renameat2",
        "link linkat",
        "symlink symlinkat",
        "chmod fchmod fchmodat fchmodat2",
        "chown chown32 fchown fchown32 lchown lchown32 fchownat",
        "utime utimes futimesat utimensat utimensat_time64",
        "chdir fchdir getcwd",
        "sendfile sendfile64",
        "epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2",
        "eventfd eventfd2",
        "signalfd signalfd4",
        "inotify_init inotify_init1 inotify_add_watch inotify_rm_watch",
        "timerfd_create timerfd_settime timerfd_settime64 timerfd_gettime timerfd_gettime64",
        "timer_create timer_settime timer_settime64 timer_gettime timer_gettime64 timer_delete",
        "setitimer getitimer alarm",
        "accept accept4",
        "send sendto sendmsg sendmmsg",
        "recv recvfrom recvmsg recvmmsg recvmmsg_time64",
        "getsockopt setsockopt getsockname getpeername shutdown",
        "fork vfork clone",
        "execve execveat",
        "kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal",
        "getrlimit ugetrlimit prlimit64",
        "getrusage times",
        "getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32",
        "getresuid getresuid32 getresgid getresgid32 getgroups getgroups32",
        "setuid setuid32 setresuid setresuid32 setreuid setreuid32 setfsuid setfsuid32",
        "setgid setgid32 setresgid setresgid32 setregid setregid32 setfsgid setfsgid32",
        "getpgid getpgrp getsid",
        "sched_setaffinity sched_getaffinity",
        "sched_getparam sched_getscheduler sched_getattr",
        "mlock mlock2 munlock",
        "mlockall munlockall",
        "getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr",
        "setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr",
        "io_setup io_submit io_getevents io_pgetevents io_destroy io_cancel",
        "io_uring_setup io_uring_enter io_uring_register",
        "semget semop semtimedop semtimedop_time64 semctl",
        "shmget shmat shmdt shmctl",
        "msgget msgsnd msgrcv msgctl",
    )
)
"""Calls that do the same, of which all are let through where one was seen."""
FAMILIES_WHY = (
    "does the same as a call that was seen: which one a library takes depends on its version, the "
    "kernel and the architecture"
)

UNKNOWN = frozenset(
    "cachestat clone3 close_range copy_file_range epoll_pwait2 faccessat2 fchmodat2 futex_requeue "
    "futex_wait futex_waitv futex_wake getxattrat io_uring_setup landlock_create_ruleset "
    "listxattrat map_shadow_stack membarrier memfd_secret mseal openat2 pidfd_getfd pidfd_open "
    "pkey_alloc preadv2 process_madvise process_mrelease pwritev2 removexattrat renameat2 rseq "
    "rseq_slice_yield setxattrat statx".split()
)
UNKNOWN_WHY = (
    "newer calls that libraries try first: they are told that this kernel has none (ENOSYS), and "
    "do without; another error would be taken for a failure"
)
"""Of these, those that are not let through."""

DANGEROUS = frozenset(
    "acct add_key bpf chroot clock_settime delete_module finit_module fsconfig fsmount fsopen "
    "fspick init_module io_uring_setup ioperm iopl kexec_file_load kexec_load keyctl "
    "lookup_dcookie mount mount_setattr move_mount name_to_handle_at open_by_handle_at open_tree "
    "perf_event_open pivot_root process_vm_readv process_vm_writev ptrace quotactl reboot "
    "request_key setdomainname sethostname setns settimeofday swapoff swapon syslog umount2 "
    "unshare userfaultfd vm86".split()
)
"""What intruders get out of containers or into kernels with, and few programs need."""

NEW_NAMESPACES = 0x7E020000
"""The flags of clone(2) that make namespaces: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER,
NEWPID, NEWNET."""
NEW_THREAD = 0x00010000
"""CLONE_THREAD."""
