"""Rules about what the files of an image let their users do."""

import stat

from seawall.core.rule import OPT_IN, Hit, Hits, Parameter
from seawall.core.severity import Severity
from seawall.images.facts import File, Image
from seawall.images.names import USUAL_SETUID
from seawall.images.rule import Context, image_rule, in_config, in_file

_SET_ID = stat.S_ISUID | stat.S_ISGID
_MOST_NAMED = 12


def _named(files: list[File]) -> str:
    """Some files in one line."""
    names = ", ".join(f"/{file.path}" for file in files[:_MOST_NAMED])
    more = len(files) - _MOST_NAMED
    return f"{names} and {more} more" if more > 0 else names


def _is_usual(file: File) -> bool:
    return file.path.rpartition("/")[2] in USUAL_SETUID


@image_rule(
    "image-setuid-program",
    severity=Severity.MEDIUM,
    remedy="Take the bit away (chmod u-s,g-s), or remove the program.",
    aliases=("CIS-DI-0008", "docker-bench:4.8"),
    parameters=(Parameter("allowed", (), "paths that may have the bit"),),
)
def image_setuid_program(image: Image, context: Context) -> Hits:
    """Programs of an image should not run as another user than who starts them.

    Reports programs with the setuid or setgid bit that no distribution ships that way: each by
    itself where root or root's group is what they become (high), or another user (medium). Those
    that distributions ship (``su``, ``mount``, ``passwd``) are the rule image-usual-setuid.

    Why:

    Whoever gets into the container as a plain user becomes root by a fault in such a program.

    Bad:

        files:
          usr/local/bin/helper: {mode: "104755"}

    Good:

        files:
          usr/local/bin/helper: {mode: "100755"}
    """
    allowed = {path.strip("/") for path in context.texts(image_setuid_program, "allowed")}
    for file in image.files.notable():
        if not (file.is_executable and file.mode & _SET_ID) or _is_usual(file):
            continue
        if file.path in allowed:
            continue
        setuid = bool(file.mode & stat.S_ISUID)
        owner = file.uid if setuid else file.gid
        yield Hit(
            f"/{file.path} runs as {'user' if setuid else 'group'} {owner}, whoever starts it",
            in_file(file),
            severity=Severity.HIGH if setuid and owner == 0 else Severity.MEDIUM,
            evidence=f"{'setuid' if setuid else 'setgid'} {owner}",
        )


@image_rule(
    "image-usual-setuid",
    severity=Severity.INFO,
    remedy="Take the bits away in the Dockerfile: "
    "RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} +",
    aliases=("CIS-DI-0008", "docker-bench:4.8"),
)
def image_usual_setuid(image: Image, context: Context) -> Hits:
    """The setuid programs of a distribution are of no use in a container.

    Reports once which of the usual programs with the setuid or setgid bit are there (``su``,
    ``mount``, ``passwd`` and so on).

    Why:

    A service needs none of them, and each fault in one is a way to root. Pods that set
    ``allowPrivilegeEscalation: false`` are not affected.

    Bad:

        files:
          usr/bin/su: {mode: "104755"}

    Good:

        files:
          usr/bin/su: {mode: "100755"}
    """
    files = [
        file for file in image.files.notable()
        if file.is_executable and file.mode & _SET_ID and _is_usual(file)
    ]  # fmt: skip
    if files:
        count = "a program" if len(files) == 1 else f"{len(files)} programs"
        yield Hit(f"has {count} with the setuid or setgid bit: {_named(files)}", in_file(files[0]))


_HARMLESS_CAPABILITIES = frozenset(("cap_net_bind_service", "cap_net_raw"))


@image_rule(
    "image-file-capability",
    severity=Severity.MEDIUM,
    remedy="Take the capabilities away (setcap -r), or remove the program.",
)
def image_file_capability(image: Image, context: Context) -> Hits:
    """Programs of an image should not gain capabilities when they are started.

    Reports programs with file capabilities other than ``cap_net_bind_service`` and
    ``cap_net_raw``, those that amount to root as high.

    Why:

    Like the setuid bit, they give whoever starts the program more than they have; ``getcap`` is
    seldom looked at.

    Bad:

        files:
          usr/bin/python3.11: {mode: "100755", capabilities: [cap_setuid]}

    Good:

        files:
          usr/bin/ping: {mode: "100755", capabilities: [cap_net_raw]}

    References:
        https://man7.org/linux/man-pages/man7/capabilities.7.html
    """
    for file in image.files.notable():
        grave = [name for name in file.capabilities if name not in _HARMLESS_CAPABILITIES]
        if grave:
            high = not _AS_GOOD_AS_ROOT.isdisjoint(grave)
            yield Hit(
                f"/{file.path} gains {', '.join(grave)} when it is started",
                in_file(file),
                severity=Severity.HIGH if high else Severity.MEDIUM,
                evidence=" ".join(grave),
            )


_AS_GOOD_AS_ROOT = frozenset(
    "cap_bpf cap_chown cap_dac_override cap_dac_read_search cap_fowner cap_setfcap cap_setgid "
    "cap_setuid cap_sys_admin cap_sys_module cap_sys_ptrace cap_sys_rawio".split()
)


@image_rule(
    "image-world-writable",
    severity=Severity.MEDIUM,
    remedy="Take the right away: chmod o-w; directories that all write to get the sticky bit (+t).",
)
def image_world_writable(image: Image, context: Context) -> Hits:
    """Files of an image must not be writable by everybody.

    Reports files that all may write, programs and what stands in ``/etc``, ``/usr``, ``/bin``,
    ``/sbin`` or ``/lib`` as medium, others as low; and directories that all may write and that
    have no sticky bit (low).

    Why:

    A program that everybody may write is run with the rights of whoever runs it next.

    Bad:

        files:
          usr/local/bin/start: {mode: "100777"}

    Good:

        files:
          usr/local/bin/start: {mode: "100755"}
          tmp: {mode: "041777"}
    """
    for file in image.files.notable():
        if not file.mode & stat.S_IWOTH or stat.S_ISLNK(file.mode):
            continue
        if file.is_directory:
            if not file.mode & stat.S_ISVTX:
                yield Hit(
                    f"everybody may write in the directory /{file.path}", in_file(file),
                    severity=Severity.LOW,
                )  # fmt: skip
        elif file.is_regular:
            grave = file.is_executable or file.path.startswith(_OF_THE_SYSTEM)
            yield Hit(
                f"everybody may write /{file.path}", in_file(file),
                severity=Severity.MEDIUM if grave else Severity.LOW,
            )  # fmt: skip


_OF_THE_SYSTEM = ("bin/", "etc/", "lib/", "lib64/", "sbin/", "usr/")


@image_rule(
    "image-writable-entrypoint",
    severity=Severity.HIGH,
    remedy="Let root own the program, and others read and execute it: COPY --chmod=555.",
)
def image_writable_entrypoint(image: Image, context: Context) -> Hits:
    """The user of an image must not be able to change the program it runs.

    Reports the program of ENTRYPOINT or CMD where its file, or the directory it is in, is writable
    by the image's user, who is not root.

    Why:

    A fault that lets an attacker write a file becomes one that runs their code, and stays.

    Bad:

        config:
          User: "1000"
          Entrypoint: ["/app/server"]
        files:
          app: {mode: "040755"}
          app/server: {mode: "100755", uid: 1000}

    Good:

        config:
          User: "1000"
          Entrypoint: ["/app/server"]
        files:
          app: {mode: "040755"}
          app/server: {mode: "100555"}

    Not reported:
    Images that run as root (it may write everything), and what a read-only root file
    system would prevent is not known from an image.
    """
    uid, process = image.user_id, image.configuration.process
    if not uid or not process:
        return
    program = image.program(process[0])
    if program is None:
        return
    groups = image.group_ids
    directory = image.files.find(program.path.rpartition("/")[0])
    writable = [
        file for file in (program, directory)
        if file is not None and (file.is_writable_by(uid, groups) or _may_chmod(file, uid))
    ]  # fmt: skip
    if not writable:
        return
    what = "the program" if writable[0] is program else "the directory of the program"
    yield Hit(
        f"its user {image.configuration.user} may write {what} it runs, /{writable[0].path}",
        in_file(writable[0]), evidence=image.configuration.user,
    )  # fmt: skip


def _may_chmod(file: File, uid: int) -> bool:
    """An owner may give itself the right to write."""
    return file.uid == uid


@image_rule(
    "image-writable-path",
    severity=Severity.HIGH,
    remedy="Let root own the directories of PATH, and nobody else write there.",
)
def image_writable_path(image: Image, context: Context) -> Hits:
    """The user of an image must not be able to put programs where they are looked up.

    Reports directories of PATH that the image's user, who is not root, may write.

    Why:

    Whoever writes there puts a ``git`` or ``sh`` of their own before the real one.

    Bad:

        config:
          User: "1000"
          Env: ["PATH=/app/bin:/usr/bin"]
        files:
          app/bin: {mode: "040755", uid: 1000}

    Good:

        config:
          User: "1000"
          Env: ["PATH=/app/bin:/usr/bin"]
        files:
          app/bin: {mode: "040755"}
    """
    uid = image.user_id
    if not uid:
        return
    groups = image.group_ids
    for path in image.path:
        directory = image.files.find(path)
        if directory is None or not directory.is_directory:
            continue
        if directory.is_writable_by(uid, groups) or _may_chmod(directory, uid):
            yield Hit(
                f"its user {image.configuration.user} may write in /{path}, a directory of PATH",
                in_config("Env", "PATH"), evidence=path,
            )  # fmt: skip


@image_rule(
    "image-missing-program",
    profile=OPT_IN,
    severity=Severity.LOW,
    remedy="Correct ENTRYPOINT or CMD, or copy the program into the image.",
)
def image_missing_program(image: Image, context: Context) -> Hits:
    """The program that an image starts should be in it.

    Reports an ENTRYPOINT or CMD whose first word leads to no file.

    Why:

    Its containers do not start.

    Bad:

        config:
          Entrypoint: ["/app/servr"]
        files:
          app/server: {mode: "100755"}

    Good:

        config:
          Entrypoint: ["/app/server"]
        files:
          app/server: {mode: "100755"}

    Not reported:
    By default; what is mounted at run time may hold it.
    """
    process = image.configuration.process
    if process and image.program(process[0]) is None:
        part = "Entrypoint" if image.configuration.entrypoint else "Cmd"
        yield Hit(f"there is no {process[0]} in it", in_config(part), evidence=process[0])
