"""Rules about the accounts of an image and the user its containers run as."""

from collections import Counter

from seawall.core.rule import OPT_IN, RELIABILITY, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.images.facts import File, Image
from seawall.images.rule import Context, image_rule, in_config, in_file


@image_rule(
    "image-runs-as-root",
    severity=Severity.HIGH,
    remedy="End the Dockerfile with USER and the number of a user without rights.",
    aliases=("CIS-DI-0001", "DS-0002", "docker-bench:4.1"),
)
def image_runs_as_root(image: Image, context: Context) -> Hits:
    """Containers of an image must not run as root.

    Reports an image whose user is root, by name, by number or by an account with the number 0
    (high), and one that names no user, which is root too (medium, for whoever starts it may name
    one).

    Why:

    Root in a container is root of the kernel, but for what the container's limits take away. A
    break-out is worth most where the program runs as root, and Kubernetes' ``runAsNonRoot``
    refuses to start it.

    Bad:

        config:
          User: "0:0"

    Good:

        config:
          User: "10001"

    References:
        https://github.com/opencontainers/image-spec/blob/main/config.md
    """
    user = image.configuration.user
    if image.user_id != 0 or not image.configuration.is_known:
        return
    if not user:
        yield Hit(
            "runs as root: it names no user", in_config("User"),
            severity=Severity.MEDIUM, evidence="no user",
        )  # fmt: skip
    else:
        yield Hit(f"runs as root: its user is {user}", in_config("User"), evidence=user)


@image_rule(
    "image-user-unknown",
    profile=RELIABILITY,
    severity=Severity.MEDIUM,
    remedy="Create the user in the image, or name a number.",
)
def image_user_unknown(image: Image, context: Context) -> Hits:
    """The user of an image must be there.

    Reports an image whose user is a name that its ``/etc/passwd`` does not have.

    Why:

    No container of it starts: ``unable to find user app: no matching entries in passwd file``.

    Bad:

        config:
          User: app
        files:
          etc/passwd: {text: "root:x:0:0:root:/root:/bin/sh"}

    Good:

        config:
          User: app
        files:
          etc/passwd: {text: "app:x:1000:1000::/app:/sbin/nologin"}
    """
    user = image.configuration.user
    if image.user_id is None:
        name = user.partition(":")[0]
        yield Hit(f"there is no user {name} in its /etc/passwd", in_config("User"), evidence=user)


@image_rule(
    "image-user-by-name",
    profile=OPT_IN,
    severity=Severity.LOW,
    remedy="Name the user by its number.",
)
def image_user_by_name(image: Image, context: Context) -> Hits:
    """The user of an image should be a number.

    Reports a user that is a name.

    Why:

    Kubernetes cannot tell whether a name is root, so ``runAsNonRoot`` refuses to start the
    container unless the pod names a number itself.

    Bad:

        config:
          User: nginx
        files:
          etc/passwd: {text: "nginx:x:101:101::/:/sbin/nologin"}

    Good:

        config:
          User: "101"
    """
    name = image.configuration.user.partition(":")[0]
    if name and not name.isdigit() and image.user_id:
        yield Hit(
            f"its user is {name}, by name; it is {image.user_id}", in_config("User"), evidence=name
        )


def _accounts_file(image: Image, path: str) -> File:
    return image.files.find(path) or File(path, 0)


@image_rule(
    "image-account-without-password",
    severity=Severity.HIGH,
    remedy="Lock the account: put ! in its second field (passwd -l), or remove it.",
    aliases=("DKL-LI-0001",),
)
def image_account_without_password(image: Image, context: Context) -> Hits:
    """Accounts of an image must not do without a password.

    Reports users whose password is empty, in ``/etc/shadow`` or ``/etc/passwd``.

    Why:

    Whoever gets a shell in the container becomes that user by ``su``, root without any more ado.
    Alpine's images had root like that for years (CVE-2019-5021).

    Bad:

        files:
          etc/passwd: {text: "root:x:0:0:root:/root:/bin/sh"}
          etc/shadow: {text: "root:::0:::::"}

    Good:

        files:
          etc/passwd: {text: "root:x:0:0:root:/root:/bin/sh"}
          etc/shadow: {text: "root:*::0:::::"}

    References:
        https://nvd.nist.gov/vuln/detail/CVE-2019-5021
    """
    place = in_file(_accounts_file(image, "etc/shadow"))
    for name in image.accounts.without_password:
        yield Hit(f"the account {name} has no password", place, evidence=name)


@image_rule(
    "image-second-superuser",
    severity=Severity.HIGH,
    remedy="Give the account a number of its own, or remove it.",
)
def image_second_superuser(image: Image, context: Context) -> Hits:
    r"""No account but root may have the number 0.

    Reports accounts with the user id 0 that are not called root.

    Why:

    Another name for root passes every check that looks for ``root``, and is a usual back door.

    Bad:

        files:
          etc/passwd: {text: "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh"}

    Good:

        files:
          etc/passwd: {text: "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/app:/sbin/nologin"}
    """
    place = in_file(_accounts_file(image, "etc/passwd"))
    for user in image.accounts.users:
        if user.uid == 0 and user.name != "root":
            yield Hit(
                f"the account {user.name} is root too: its number is 0", place, evidence=user.name
            )


@image_rule(
    "image-ambiguous-account",
    profile=RELIABILITY,
    severity=Severity.LOW,
    remedy="Give each account a number of its own.",
    aliases=("DKL-LI-0002",),
)
def image_ambiguous_account(image: Image, context: Context) -> Hits:
    r"""Each account of an image should have a number of its own.

    Reports user ids that several accounts have, and group ids that several groups have.

    Why:

    Files know numbers only: what one account may, the other may too, and tools show the name that
    comes first.

    Bad:

        files:
          etc/passwd: {text: "app:x:1000:1000::/:/bin/sh\nweb:x:1000:1000::/:/bin/sh"}

    Good:

        files:
          etc/passwd: {text: "app:x:1000:1000::/:/bin/sh\nweb:x:1001:1001::/:/bin/sh"}

    Not reported:
    The number 0, which has a rule of its own.
    """
    users = Counter(user.uid for user in image.accounts.users)
    groups = Counter(group.gid for group in image.accounts.groups)
    for number in sorted(uid for uid, times in users.items() if times > 1 and uid):
        names = ", ".join(user.name for user in image.accounts.users if user.uid == number)
        place = in_file(_accounts_file(image, "etc/passwd"))
        yield Hit(f"the accounts {names} share the number {number}", place, evidence=str(number))
    for number in sorted(gid for gid, times in groups.items() if times > 1):
        names = ", ".join(group.name for group in image.accounts.groups if group.gid == number)
        place = in_file(_accounts_file(image, "etc/group"))
        yield Hit(
            f"the groups {names} share the number {number}", place, evidence=f"group {number}"
        )


@image_rule(
    "image-user-is-privileged",
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    remedy="Take the user out of the group.",
)
def image_user_is_privileged(image: Image, context: Context) -> Hits:
    """The user of an image should be in no group that makes it root.

    Reports a user who is a member of ``docker``, ``sudo``, ``wheel``, ``disk``, ``shadow`` or
    ``lxd``.

    Why:

    Membership in these is a way to root where the program or file they stand for is there: ``sudo``
    without a password in the image, the host's Docker socket in a mount.

    Bad:

        config:
          User: app
        files:
          etc/passwd: {text: "app:x:1000:1000::/:/bin/sh"}
          etc/group: {text: "sudo:x:27:app"}

    Good:

        config:
          User: app
        files:
          etc/passwd: {text: "app:x:1000:1000::/:/bin/sh"}
          etc/group: {text: "app:x:1000:"}
    """
    if image.user_id in (0, None):
        return
    ids = image.group_ids
    place = in_file(_accounts_file(image, "etc/group"))
    for group in image.accounts.groups:
        if group.name in _POWERFUL and group.gid in ids:
            yield Hit(f"its user is a member of the group {group.name}", place, evidence=group.name)


_POWERFUL = frozenset("disk docker lxd shadow sudo wheel".split())
