"""Rules about credentials in an image's configuration, history and files."""

from collections.abc import Iterator

from seawall.core.redacted import Redacted
from seawall.core.rule import Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.images import credential_files
from seawall.images.facts import File, Image
from seawall.images.history import assignments, names_public_key
from seawall.images.rule import Context, image_rule, in_config, in_file, in_history, in_layer
from seawall.text.credentials import Named, in_setting, tokens


@image_rule(
    "image-credential-in-config",
    severity=Severity.HIGH,
    remedy="Give it at run time, or to one step of the build by RUN --mount=type=secret; "
    "replace the value.",
    aliases=("CIS-DI-0010", "docker-bench:4.10"),
    sensitive=True,
)
def image_credential_in_config(image: Image, context: Context) -> Hits:
    """The configuration of an image must hold no credentials.

    Reports variables with a name that tells of a credential and a value that is none of the usual
    placeholders, and values that look like one whatever holds them (tokens of providers, addresses
    with a password): in the environment, in labels, in ENTRYPOINT and CMD.

    Why:

    Everybody who can pull the image, or may look at its containers, reads its configuration.

    Bad:

        config:
          Env: ["DB_PASSWORD=correct-horse-7"]

    Good:

        config:
          Env: ["DB_PASSWORD_FILE=/run/secrets/db"]

    Not reported:
    Fingerprints of OpenPGP keys, as ``GPG_KEY`` is in official images.
    """
    configuration = image.configuration
    for name, value in configuration.environment:
        held = None if names_public_key(name, value) else in_setting(name, value)
        if held is not None:
            yield _hit(f"the variable {name} holds {held.what}", held, in_config("Env", name))
    for name, value in configuration.labels.items():
        for held in tokens(value):
            yield _hit(f"the label {name} holds {held.what}", held, in_config("Labels", name))
    for part, words in (
        ("Entrypoint", configuration.entrypoint),
        ("Cmd", configuration.command),
    ):
        for held in tokens(" ".join(words)):
            yield _hit(f"{part} holds {held.what}", held, in_config(part))


def _hit(message: str, held: Named, at: tuple[str | int, ...]) -> Hit:
    return Hit(message, at, evidence=held.what, secret=Redacted(held.value))


@image_rule(
    "image-credential-in-history",
    severity=Severity.HIGH,
    remedy="Use RUN --mount=type=secret, which leaves no trace; replace the value.",
    aliases=("CIS-DI-0010", "docker-bench:4.10"),
    sensitive=True,
)
def image_credential_in_history(image: Image, context: Context) -> Hits:
    """The history of an image must hold no credentials.

    Reports build arguments and variables of its build steps with a name that tells of a credential
    and a value that is none of the usual placeholders, and tokens of providers and addresses with a
    password anywhere in a step.

    Why:

    Build arguments are not in the container, but in the history that ``docker history`` shows to
    everybody who can pull the image.

    Bad:

        history:
          - "|1 NPM_TOKEN=correct-horse-7-battery /bin/sh -c npm ci"

    Good:

        history:
          - "RUN /bin/sh -c npm ci # buildkit"

    Not reported:
    What ENV sets, which stands in the configuration; fingerprints of OpenPGP keys.
    """
    for number, step in enumerate(image.history):
        said = set()
        for name, value in assignments(step.created_by):
            held = None if names_public_key(name, value) else in_setting(name, value)
            if held is not None and held.value not in said:
                said.add(held.value)
                message = f"step {number + 1} was given {held.what} by {name}"
                yield _hit(message, held, (*in_history(number), name))
        for held in tokens(step.created_by):
            if not any(held.value in other for other in said):
                said.add(held.value)
                yield _hit(f"step {number + 1} holds {held.what}", held, in_history(number))


@image_rule(
    "image-credential-file",
    severity=Severity.HIGH,
    remedy="Keep it out by .dockerignore, or mount it for one step by RUN --mount=type=secret; "
    "replace what it holds.",
    aliases=("CIS-DI-0010", "docker-bench:4.10"),
    sensitive=True,
)
def image_credential_file(image: Image, context: Context) -> Hits:
    """Images must hold no files with credentials.

    Reports private keys and the files in which programs keep passwords and tokens (of AWS, Google
    Cloud, Docker, Kubernetes, npm, PyPI, git, netrc, ``.env``, Terraform), where they do hold
    some.

    Why:

    Everybody who can pull the image has them.

    Bad:

        files:
          root/.npmrc: {mode: "100600", text: "//registry.example.org/:_authToken=correct-horse-7"}

    Good:

        files:
          root/.npmrc: {mode: "100600", text: "//registry.example.org/:_authToken=${NPM_TOKEN}"}

    Not reported:
    Keys that come with packages for their own tests and documentation.
    """
    for file in image.files.notable():
        for what, found in _held(image, file, None):
            yield Hit(
                f"/{file.path} holds {what}",
                in_file(file),
                severity=Severity.MEDIUM if _of_the_host(file) else Severity.HIGH,
                confidence=Confidence.MEDIUM if file.path.endswith(".env") else Confidence.HIGH,
                evidence=what,
                secret=Redacted(found),
            )


def _of_the_host(file: File) -> bool:
    """Host keys of SSH: the same in all containers, which only weakens what they are for."""
    return file.path.startswith("etc/ssh/ssh_host_")


def _held(image: Image, file: File, layer: int | None) -> Iterator[tuple[str, str]]:
    kind = credential_files.kind_of(file.path) if file.is_regular else None
    text = None if kind is None else image.files.text(file.path, layer)
    if kind is None or text is None:
        return
    found = credential_files.holds(kind, text)
    if found:
        yield kind.what, text if kind is credential_files.KEY else found


@image_rule(
    "image-deleted-credential",
    severity=Severity.HIGH,
    remedy="Mount it for one step by RUN --mount=type=secret instead of copying and deleting it; "
    "replace what it holds, and build anew.",
    sensitive=True,
)
def image_deleted_credential(image: Image, context: Context) -> Hits:
    """A credential that a later step deleted is still in the image.

    Reports files with credentials that one layer holds and a later one deleted or wrote over.

    Why:

    Deleting hides a file from containers, not from who has the image: each layer is an archive
    that anybody unpacks.

    Bad:

        layers: [{}, {}]
        hidden:
          root/.netrc: {mode: "100600", layer: 0, by: 1, text: "machine a password correct-horse"}

    Good:

        layers: [{}, {}]
        hidden:
          root/notes: {mode: "100600", layer: 0, by: 1, text: "nothing"}
    """
    for hidden in image.files.hidden():
        file = hidden.file
        for what, found in _held(image, file, file.layer):
            now = image.files.text(file.path)
            if now is not None and found in now:
                continue  # written again with the same: said of the file that is there
            yield Hit(
                f"layer {file.layer + 1} holds {what} in /{file.path}, "
                f"which layer {hidden.by + 1} only hides",
                in_layer(file),
                evidence=what,
                secret=Redacted(found),
            )
