"""Who the process runs as: a numeric user that is not root, with lines in passwd and group."""

from collections.abc import Collection
from typing import NamedTuple

from seawall.hardening.images.options import NONROOT, User
from seawall.hardening.images.permissions import give_directories, give_volumes
from seawall.hardening.images.subject import Subject
from seawall.images.accounts import Accounts
from seawall.sources.images.entry import FILE
from seawall.sources.images.merging import Node

_PASSWD, _GROUP = "etc/passwd", "etc/group"
_NAME = "nonroot"
_HOMES = "home"
_ROOT = b"root:x:0:0:root:/root:/sbin/nologin\n", b"root:x:0:\n"
_PRIVILEGED = 1024
_MOST = 4 << 20
"""Bytes of a passwd or group file."""


class Chosen(NamedTuple):
    """Who it will run as."""

    config: str
    """What the configuration is to say."""
    user: User | None
    """``None`` where it is not known."""
    is_new: bool = False
    """Whether another one ran it before."""


def set_user(subject: Subject, directories: Collection[str] = ()) -> Chosen:
    """Choose a user, add its account where it is new, and tell what was done.

    Volumes of root become its own, and ``directories`` that are not the system's.
    """
    said, told = subject.config.user, subject.told
    accounts = subject.facts.accounts
    now = _now(said, accounts)
    asked = subject.options.user
    if asked is None and now is not None and now.uid:
        if said.replace(":", "").isdigit():
            told.notes.append(f"it runs as {said} already")
            return Chosen(said, now)
        told.done.append(f"set the user to {now}, which {said} stands for")
        return Chosen(str(now), now)
    if asked is None and now is None:
        told.left.append(
            f"the user {said} stays: it is not in /{_PASSWD}, so nothing tells its number; say "
            "--user"
        )
        return Chosen(said, None)
    user = asked or _usual(accounts)
    told.done.append(f"set the user to {user} instead of {said or 'root'}")
    _add_account(subject, user)
    if now is not None and not now.uid:
        give_volumes(subject, user.uid, user.gid)
    if now != user:
        give_directories(subject, directories, user.uid, user.gid)
    _tell_of_ports(subject)
    return Chosen(str(user), user, is_new=now != user)


def _now(said: str, accounts: Accounts) -> User | None:
    """The numbers of ``USER[:GROUP]``; ``None`` where a name leads to none."""
    uid = accounts.user_id(said)
    group = said.partition(":")[2]
    if uid is None:
        return None
    if group:
        named = next((each.gid for each in accounts.groups if each.name == group), None)
        if named is None and not (group.isascii() and group.isdigit() and len(group) <= 10):
            return None
        return User(uid, int(group) if named is None else named)
    account = next((each for each in accounts.users if each.uid == uid), None)
    return User(uid, account.gid if account is not None else 0)


def _usual(accounts: Accounts) -> User:
    """The account nonroot where the image has one (as distroless has), else that one's numbers."""
    for known in accounts.users:
        if known.name == _NAME and known.uid:
            return User(known.uid, known.gid)
    return NONROOT


def _tell_of_ports(subject: Subject) -> None:
    low = [
        port for port in subject.config.exposed_ports
        if (number := port.partition("/")[0]).isdigit() and 0 < int(number[:6]) < _PRIVILEGED
    ]  # fmt: skip
    if low:
        subject.told.notes.append(
            f"it exposes {', '.join(low)}: Docker since 20.10 and containerd since 2.0 let every "
            "user listen there; elsewhere set the sysctl net.ipv4.ip_unprivileged_port_start=0"
        )


# Accounts -------------------------------------------------------------------------------------


def _add_account(subject: Subject, user: User) -> None:
    """Add lines for user and group where there are none with these numbers."""
    accounts = subject.facts.accounts
    has_user = any(each.uid == user.uid for each in accounts.users)
    has_group = any(each.gid == user.gid for each in accounts.groups)
    nodes = [node for path in (_PASSWD, _GROUP) if (node := _file(subject, path)) is not None]
    if any(node.entry.size > _MOST for node in nodes):
        subject.told.left.append("no account is added: /etc/passwd or /etc/group is too large")
        return
    texts = subject.with_contents(
        nodes, lambda pieces: {id(node): b"".join(pieces(node)) for node in nodes}
    )

    def text(path: str) -> bytes | None:
        node = _file(subject, path)
        return None if node is None else texts[id(node)]

    added = []
    names = {each.name for each in accounts.users}
    groups = {each.name for each in accounts.groups}
    name = _name(user.uid, names)
    if not has_user:
        line = f"{name}:x:{user.uid}:{user.gid}:{name}:/{_HOMES}/{name}:/sbin/nologin\n".encode()
        _append(subject, _PASSWD, text(_PASSWD), _ROOT[0], line)
        added.append(f"user {name}")
    if not has_group:
        group = _name(user.gid, groups)
        _append(subject, _GROUP, text(_GROUP), _ROOT[1], f"{group}:x:{user.gid}:\n".encode())
        added.append(f"group {group}")
    _make_home(subject, user, None if has_user else f"{_HOMES}/{name}")
    if added:
        subject.told.done.append(f"added the {' and the '.join(added)}")


def _make_home(subject: Subject, user: User, path: str | None) -> None:
    """Make the directory that HOME is going to be where there is none, for the user alone."""
    if path is None:
        users = subject.facts.accounts.users
        path = next((each.home.strip("/") for each in users if each.uid == user.uid), "")
    if path.startswith(f"{_HOMES}/") and subject.edited.tree.resolve(path) is None:
        home = subject.edited.directory(path)
        subject.edited.change(home, uid=user.uid, gid=user.gid, mode=0o700)


def _file(subject: Subject, path: str) -> Node | None:
    node = subject.edited.tree.resolve(path)
    return node if node is not None and node.entry.kind is FILE else None


def _name(number: int, taken: set[str]) -> str:
    """A name that nobody has."""
    names = (_NAME, f"user{number}", f"seawall{number}")
    return next((name for name in names if name not in taken), f"nonroot{number}")


def _append(subject: Subject, path: str, known: bytes | None, first: bytes, line: bytes) -> None:
    text = first if known is None else known
    text += b"" if not text or text.endswith(b"\n") else b"\n"
    subject.edited.put(path, text + line)
