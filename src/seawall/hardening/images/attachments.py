"""What is attached to the result: a bill of materials, and a statement of how it was made.

The statement is in-toto's (v1) with the predicate of SLSA provenance v1; it is not signed. The bill
is of the packages whose files are left.
"""

from typing import Any

from seawall import __version__
from seawall.hardening.images.options import Options
from seawall.hardening.images.remaining import packages_left
from seawall.hardening.images.subject import Subject
from seawall.sources.images.writing.image import Attached, Blob, attached, encoded

BILL = "application/vnd.cyclonedx+json"
STATEMENT = "application/vnd.in-toto+json"
_PREDICATE = "https://slsa.dev/provenance/v1"
_CREATED = "org.opencontainers.image.created"
_BUILD_TYPE = "urn:seawall:harden-image:v1"


def attachments(subject: Subject, manifest: Blob, created: str) -> tuple[Attached, ...]:
    """The bill and the statement, as manifests about another one."""
    from seawall.packages.cyclonedx_writer import write  # noqa: PLC0415 - JSON

    bill = write(packages_left(subject), _name(subject), created).encode("utf-8")
    statement = encoded(_statement(subject, manifest))
    notes = {_CREATED: created}
    return (
        attached(manifest, bill, BILL, notes),
        attached(
            manifest, statement, STATEMENT, {**notes, "in-toto.io/predicate-type": _PREDICATE}
        ),
        *(attached(manifest, data, kind, notes) for kind, data in subject.statements),
    )


def _name(subject: Subject) -> str:
    return subject.image.reference or subject.image.name


def _statement(subject: Subject, manifest: Blob) -> dict[str, Any]:
    image = subject.image
    source: dict[str, Any] = {"name": _name(subject)}
    digest = image.manifest_digest or image.config_digest
    if digest:
        algorithm, _, value = digest.partition(":")
        source["digest"] = {algorithm: value}
    subject_algorithm, _, subject_value = manifest.digest.partition(":")
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": _name(subject), "digest": {subject_algorithm: subject_value}}],
        "predicateType": _PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": _BUILD_TYPE,
                "externalParameters": _parameters(subject.options),
                "internalParameters": {
                    "done": subject.told.done, "left": subject.told.left,
                },
                "resolvedDependencies": [source],
            },
            "runDetails": {
                "builder": {"id": "urn:seawall", "version": {"seawall": __version__}},
            },
        },
    }  # fmt: skip


def _parameters(options: Options) -> dict[str, Any]:
    found: dict[str, Any] = {"mode": options.mode, "compression": options.compression}
    if options.base_layers is not None:
        found["base-layers"] = options.base_layers
    if options.keep:
        found["keep"] = sorted(options.keep)
    if options.includes:
        found["include"] = list(options.includes)
    if options.commands:
        found["command"] = [list(words) for words in options.commands]
    if options.watched:
        found["observe"] = options.watched.told()
    if options.keep_setuid:
        found["keep-setuid"] = sorted(options.keep_setuid)
    if options.user is not None:
        found["user"] = str(options.user)
    if options.patch is not None:
        found["patch"] = sorted(options.patch.named) or options.patch.what
    if options.epoch is not None:
        found["SOURCE_DATE_EPOCH"] = options.epoch
    return found
