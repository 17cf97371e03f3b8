"""The users and groups of a file system: passwd(5), group(5) and shadow(5)."""

from collections.abc import Iterator

from seawall.core.named_tuple import NamedTuple

_LARGEST_ID = 2**32 - 2


class User(NamedTuple):
    """A line of ``/etc/passwd``."""

    name: str
    uid: int
    gid: int
    home: str = ""
    shell: str = ""
    password: str = "x"  # noqa: S105 - a mark
    """``x`` where it stands in shadow, empty where none is asked for."""


class Group(NamedTuple):
    """A line of ``/etc/group``."""

    name: str
    gid: int
    members: tuple[str, ...] = ()


class Accounts(NamedTuple):
    """Who there is; ``known`` tells whether there is an ``/etc/passwd`` at all."""

    users: tuple[User, ...] = ()
    groups: tuple[Group, ...] = ()
    without_password: tuple[str, ...] = ()
    """Users who are asked for none, by passwd or shadow."""
    known: bool = False

    def user_id(self, user: str) -> int | None:
        """The number that ``USER`` leads to; ``None`` where there is no such user.

        A number counts as it is, as runc has it; nothing means root.
        """
        name = user.partition(":")[0]
        if not name:
            return 0
        for known in self.users:
            if known.name == name:
                return known.uid
        return _number(name)

    def group_ids(self, user: str) -> frozenset[int]:
        """The groups of a process that ``USER`` starts: its own and those it is a member of."""
        _, _, group = user.partition(":")
        uid = self.user_id(user)
        account = next((known for known in self.users if known.uid == uid), None)
        ids = set()
        if group:
            named = next((item.gid for item in self.groups if item.name == group), None)
            number = _number(group) if named is None else named
            ids.add(0 if number is None else number)
        else:
            ids.add(0 if account is None else account.gid)
            ids.update(item.gid for item in self.groups if account and account.name in item.members)
        return frozenset(ids)


def _number(text: str) -> int | None:
    """A user or group id; ``None`` for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST_ID))):
        return None
    number = int(text)
    return number if number <= _LARGEST_ID else None


def read(passwd: str | None, group: str | None, shadow: str | None) -> Accounts:
    """The accounts of three files, each ``None`` where it is not there.

    Lines that are none (too few fields, ids that are no numbers) are left out, as getpwent does.
    """
    users = tuple(_users(passwd or ""))
    empty = {user.name for user in users if not user.password}
    empty |= set(_without_password(shadow or ""))
    known = [user.name for user in users if user.name in empty]
    return Accounts(users, tuple(_groups(group or "")), tuple(known), passwd is not None)


def without_hashes(shadow: str) -> str:
    """A shadow file in which each password that there is is ``*``: nobody needs more of it."""
    lines = []
    for line in shadow.splitlines():
        name, colon, rest = line.partition(":")
        password, more, others = rest.partition(":")
        lines.append(f"{name}{colon}{'*' if password else ''}{more}{others}")
    return "\n".join(lines)


def _users(text: str) -> Iterator[User]:
    for fields in _lines(text, 7):
        uid, gid = _number(fields[2]), _number(fields[3])
        if uid is not None and gid is not None:
            yield User(fields[0], uid, gid, fields[5], fields[6], fields[1])


def _groups(text: str) -> Iterator[Group]:
    for fields in _lines(text, 4):
        gid = _number(fields[2])
        if gid is not None:
            yield Group(fields[0], gid, tuple(name for name in fields[3].split(",") if name))


def _without_password(text: str) -> Iterator[str]:
    for fields in _lines(text, 2):
        if not fields[1]:
            yield fields[0]


def _lines(text: str, least: int) -> Iterator[list[str]]:
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) >= least and fields[0] and not line.startswith("#"):
            yield fields
