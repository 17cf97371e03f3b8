"""Programs that do not serve an application, by their names."""

SHELLS = frozenset(
    "ash bash busybox csh dash elvish fish ksh ksh93 mksh nu oksh pwsh rbash sh tcsh yash "
    "zsh".split()
)
PACKAGE_MANAGERS = frozenset(
    "apk apt apt-get aptitude bundle bundler cargo composer conda dnf dpkg emerge gem microdnf npm "
    "opkg pacman pear pip pip3 pnpm poetry rpm tdnf uv xbps-install yarn yum zypper".split()
)
COMPILERS = frozenset(
    "as c++ c89 c99 cc clang clang++ cmake g++ gcc gdc gfortran ghc go javac ld ld.bfd ld.gold "
    "ld.lld make ninja rustc tcc".split()
)
NETWORK_TOOLS = frozenset(
    "curl dig ftp lftp mtr nc nc.openbsd nc.traditional ncat netcat nmap nslookup rsync scp sftp "
    "socat ssh sshd tcpdump telnet tftp traceroute tshark wget".split()
)
DEBUGGERS = frozenset("bpftrace dlv gdb gdbserver lldb ltrace perf strace valgrind".split())
ESCALATION = frozenset("doas gosu pkexec runuser setpriv su su-exec sudo sudoedit".split())

USUAL_SETUID = frozenset(
    "chage chfn chsh dbus-daemon-launch-helper expiry fusermount fusermount3 gpasswd mount "
    "mount.cifs mount.nfs newgidmap newgrp newuidmap pam_extrausers_chkpwd passwd ping ping6 "
    "pkexec polkit-agent-helper-1 pt_chown sg ssh-agent ssh-keysign su sudo umount unix_chkpwd "
    "wall write write.ul".split()
)
"""What distributions ship with the setuid or setgid bit."""

PROGRAMS = SHELLS | PACKAGE_MANAGERS | COMPILERS | NETWORK_TOOLS | DEBUGGERS | ESCALATION
PROGRAM_DIRECTORIES = frozenset(
    "bin sbin usr/bin usr/sbin usr/local/bin usr/local/sbin usr/local/go/bin root/.cargo/bin "
    "usr/local/cargo/bin busybox opt/bin".split()
)
