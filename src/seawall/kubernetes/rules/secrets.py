"""Rules about credentials: where they are written out, and how containers get them."""

import re
from collections.abc import Iterator, Sequence

from seawall.core.location import KeyPath
from seawall.core.redacted import Redacted, held_in
from seawall.core.rule import OPT_IN, Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.kubernetes.credentials import (
    Credential,
    decoded,
    format_of,
    in_arguments,
    in_text,
    in_value,
    is_reference,
    is_to_be_replaced,
    of_format,
)
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Container
from seawall.kubernetes.rule import Context, container_rule, object_rule
from seawall.text.credential_names import kind_of_setting, words_of
from seawall.text.values import Map, mapping, mappings, sequence, text


@container_rule(
    "secret-in-env",
    severity=Severity.LOW,
    profile=OPT_IN,
    remedy="Mount the Secret as a volume and let the program read the file.",
    aliases=(
        "kubesec:SecretsAsEnvironmentVariables",
        "kube-linter:read-secret-from-env-var",
        "CKV_K8S_35",
        "C-0207",
    ),
    compliance=("cis-1.12:5.4.1",),
)
def secret_in_env(container: Container, context: Context) -> Hits:
    """Containers should read Secrets from files, not from environment variables.

    Reports environment variables that are filled from a Secret, one by one or all at once.

    Why:

    Variables are inherited by every process the container starts, stand in crash reports and
    debug pages, and keep their old value when the Secret is changed. A mounted file is none of
    these.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              env:
                - name: DB_PASSWORD
                  valueFrom:
                    secretKeyRef:
                      name: web
                      key: db-password

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              env:
                - name: DB_PASSWORD_FILE
                  value: /run/secrets/web/db-password
              volumeMounts:
                - name: secrets
                  mountPath: /run/secrets/web
                  readOnly: true
          volumes:
            - name: secrets
              secret:
                secretName: web

    References:
    https://kubernetes.io/docs/concepts/security/secrets-good-practices/
    """
    for index, variable in container.env:
        if mapping(variable, "valueFrom", "secretKeyRef"):
            name = text(variable, "name")
            place = ("env", index, "valueFrom", "secretKeyRef")
            yield Hit(f"variable {name} is filled from a Secret", place, evidence=name)
    for index, source in mappings(container.value, "envFrom"):
        if mapping(source, "secretRef"):
            name = text(source, "secretRef", "name")
            yield Hit(
                f"variables are filled from Secret {name}",
                ("envFrom", index, "secretRef"),
                evidence=name,
            )


_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""Says again what the object says."""
_CODE = (
    ".c", ".go", ".groovy", ".java", ".js", ".kt", ".lua", ".php", ".pl", ".py", ".rb", ".rs",
    ".ts",
)  # fmt: skip
_PROSE = (".html", ".md", ".rst", ".txt")
_CERTIFICATES = (".cer", ".crt", ".pem", ".pub")


@object_rule(
    "hardcoded-secret",
    severity=Severity.HIGH,
    remedy="Replace the credential, which is no secret any more, and keep the new one in a Secret.",
    aliases=(
        "kube-linter:env-var-secret",
        "KSV-0109",
        "KSV-01010",
        "C-0012",
        "polaris:sensitiveConfigmapContent",
        "polaris:sensitiveContainerEnvVar",
    ),
    compliance=("cis-1.12:5.4.1",),
    sensitive=True,
)
def hardcoded_secret(object_: KubernetesObject, context: Context) -> Hits:
    """Credentials must not be written out in manifests other than Secrets.

    Looks into environment variables, commands and arguments, annotations and the data of
    ConfigMaps. Two things are reported: values in the format of a known kind of credential (private
    keys, tokens of providers, URLs with a password, Authorization headers), and values under a
    name that tells: any value but a reference where the name is one of a password, and values
    that look generated where it is one of a token, key or other secret. The value itself is never
    shown. Default passwords such as ``changeme``, and keys and tokens that somebody thought of such
    as ``minio123``, are reported too, with less confidence.

    Why:

    Everybody who may read the manifest, the repository or the object in the cluster has the
    credential, and it stays in the history of the repository when it is removed.

    Bad:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              env:
                - name: DB_PASSWORD
                  value: Bluebell-27xKq

    Good:

        apiVersion: v1
        kind: Pod
        metadata:
          name: web
        spec:
          containers:
            - name: web
              image: registry.example.org/web:1.4.2
              env:
                - name: DB_PASSWORD
                  valueFrom:
                    secretKeyRef:
                      name: web
                      key: db-password

    Not reported:

    Names that end in something else (``PASSWORD_FILE``, ``SECRET_NAME``, ``TOKEN_URL``); values
    that are variables, templates, paths, truth values, hashes or masks; for other names than
    those of passwords also numbers, words and texts such as ``changeme``. Comments in
    configuration files. Secrets: see secret-plaintext-in-manifest.

    References:
    https://kubernetes.io/docs/concepts/security/secrets-good-practices/
    """
    for place, annotations in _annotations(object_, context):
        for key in annotations:
            value = text(annotations, key)
            found = _found(key, value, context) if value and key != _LAST_APPLIED else None
            if found is not None:
                yield _hit(found, f"annotation {key}", (*place, key), key)
    depth = len(object_.path)
    for pod in context.pods(object_):
        for container in pod.containers:
            for hit in _in_container(container, context):
                place = (*container.path[depth:], *hit.at)
                yield hit._replace(at=place, container=container.name)
    if object_.kind == "ConfigMap":
        yield from _in_config_map(object_, context)


def _annotations(object_: KubernetesObject, context: Context) -> Iterator[tuple[KeyPath, Map]]:
    yield ("metadata", "annotations"), mapping(object_.metadata, "annotations")
    for pod in context.pods(object_):
        place = (*pod.path[len(object_.path) :], "metadata", "annotations")
        if place != ("metadata", "annotations"):
            yield place, mapping(pod.metadata, "annotations")


def _found(name: str, value: str, context: Context) -> Credential | None:
    """What a value is by itself, by its name, or because a search has told it."""
    found = in_value(name, value)
    if found is None and held_in(value, context.known_secrets):
        return Credential(name, "a credential", value=Redacted(value))
    return found


def _hit(found: Credential, where: str, place: KeyPath, evidence: str) -> Hit:
    return Hit(
        f"{where} holds {found.what}",
        place,
        confidence=Confidence.MEDIUM if found.weak else None,
        evidence=evidence,
        secret=found.value,
    )


def _in_container(container: Container, context: Context) -> Hits:
    for index, variable in container.env:
        name, value = text(variable, "name"), text(variable, "value")
        found = _found(name, value, context) if value else None
        if found is not None:
            yield _hit(found, f"variable {name}", ("env", index, "value"), name)
    words = [
        ((field, index), text(item))
        for field in ("command", "args")
        for index, item in enumerate(sequence(container.value, field))
    ]
    for position, found in _in_words([word for _, word in words], context):
        (field, index), _ = words[position]
        where = f"{field} hold" if field == "args" else f"{field} holds"
        named = f" ({found.name})" if found.name else ""
        yield Hit(
            f"{where} {found.what}{named}",
            (field, index),
            confidence=Confidence.MEDIUM if found.weak else None,
            evidence=found.name or found.what,
            secret=found.value,
        )


def _in_words(words: Sequence[str], context: Context) -> Iterator[tuple[int, Credential]]:
    """The credentials in the words of a command, by the places of their words."""
    told = set()
    for position, found in in_arguments(words) if words else ():
        told.add(position)
        yield position, found
    for position, word in enumerate(words if context.known_secrets else ()):
        known = held_in(word, context.known_secrets)
        if known and position not in told:
            yield position, Credential("", "a credential", value=known)


def _in_config_map(object_: KubernetesObject, context: Context) -> Hits:
    for key, value in mapping(object_.value, "data").items():
        content = text(value)
        place = ("data", key)
        if "\n" not in content.strip():
            single = _found(key, content, context)
            if single is not None:
                yield _hit(single, f"key {key}", place, key)
            continue
        suffix = key.lower().removesuffix(".tpl").removesuffix(".tmpl").removesuffix(".j2")
        if suffix.endswith((*_PROSE, *_CERTIFICATES)):
            typical = of_format(content)
            if typical is not None:
                yield Hit(
                    f"key {key} holds {typical.what}", place, evidence=key, secret=typical.value
                )
            continue
        for found in in_text(content, code=suffix.endswith(_CODE)):
            where = f"key {key}" + (f", line {found.line}," if found.line else "")
            named = f" ({found.name})" if found.name else ""
            yield Hit(
                f"{where} holds {found.what}{named}",
                place,
                confidence=Confidence.MEDIUM if found.weak else None,
                evidence=f"{key}: {found.name or found.what}",
                secret=found.value,
            )


_PUBLIC_WORDS = frozenset(
    "account address audience audiences bucket ca cert certificate cluster crt database db dbname "
    "email enabled endpoint engine from host hostname id insecure issuer login method mode name "
    "namespace port project protocol pub region scheme server tenant timeout to type uri url "
    "user username version".split()
)
"""Last words of keys whose values are no secrets, though they stand beside some."""
_PUBLIC_MARKS = (
    "-----BEGIN CERTIFICATE", "-----BEGIN DH PARAMETERS", "-----BEGIN PUBLIC KEY", "ssh-ed25519 ",
    "ssh-rsa ",
)  # fmt: skip
_WORD = r"[a-z]+[0-9]*[a-z]{0,2}"
_PLAIN = rf"(?i){_WORD}(?:[-_.,:=/ ]+{_WORD})*[.!?]?"
"""Words, as in names, prose and settings: what is drawn by chance changes within words."""


@object_rule(
    "secret-plaintext-in-manifest",
    kinds=("Secret",),
    severity=Severity.HIGH,
    remedy="Remove the Secret from the files, replace its values, and keep it sealed, encrypted or "
    "in an external store.",
    aliases=("C-0012", "C-0208"),
    compliance=("cis-1.12:5.4.2",),
    sensitive=True,
)
def secret_plaintext_in_manifest(secret: KubernetesObject, context: Context) -> Hits:
    """Secrets must not lie readable in files.

    Reports objects of kind Secret with at least one value that looks like a secret. Base64, as in
    ``data``, is no protection and is undone. A value is taken for none when its key says so
    (``username``, ``host``, ``ca.crt``), and when it is empty, a variable, a reference to a store
    or a text such as ``changeme``, ``my-password`` or ``<password>`` that asks to be replaced.
    The confidence is high where the value has the format of a credential or its key is named
    like one; low for plain words, and for files in which nothing looks like a credential.

    Why:

    Everybody who may read the file has the secret, and it stays in the history of the repository
    when it is removed.

    Bad:

        apiVersion: v1
        kind: Secret
        metadata:
          name: web
        stringData:
          db-password: Bluebell-27xKq

    Good:

        apiVersion: external-secrets.io/v1
        kind: ExternalSecret
        metadata:
          name: web
        spec:
          secretStoreRef:
            name: vault
          target:
            name: web
          dataFrom:
            - extract:
                key: web

    Not reported:

    SealedSecrets, and Secrets encrypted with SOPS. Secrets that hold only certificates.

    References:
    https://kubernetes.io/docs/concepts/security/secrets-good-practices/
    """
    if secret.group or "sops" in secret.value:
        return
    told = [
        (field, key, confidence)
        for field in ("data", "stringData")
        for key, value in mapping(secret.value, field).items()
        for confidence in _secrecy(key, decoded(text(value)) if field == "data" else text(value))
    ]
    if told:
        surest = max(confidence for _, _, confidence in told)
        shown = [item for item in told if item[2] >= min(surest, Confidence.MEDIUM)]
        names = ", ".join(key for _, key, _ in shown[:5])
        more = f" and {len(shown) - 5} more" if len(shown) > 5 else ""
        yield Hit(
            f"holds readable secrets: {names}{more}",
            (shown[0][0],),
            confidence=None if surest is Confidence.HIGH else surest,
        )


def _secrecy(key: str, value: str) -> Iterator[Confidence]:
    """Nothing when a value of a Secret is no secret, else how sure that it is one."""
    if is_reference(value):
        return
    if format_of(value):
        yield Confidence.HIGH
    elif is_to_be_replaced(value):
        return
    elif kind_of_setting(key):
        known = len(value) > 3 or not value.isdigit()
        yield Confidence.HIGH if known else Confidence.MEDIUM
    elif any(in_text(value)):
        yield Confidence.MEDIUM
    elif not (value.isdigit() or _is_public(key, value)):
        yield Confidence.LOW if _is_plain(value) else Confidence.MEDIUM


def _is_plain(value: str) -> bool:
    """Whether a value is made of words, or of lines none of which tells of a credential."""
    return "\n" in value.strip() or re.fullmatch(_PLAIN, value.strip()) is not None


def _is_public(key: str, value: str) -> bool:
    last = next(reversed(words_of(key)), "")
    if last == "dockerconfigjson":
        return '"auth"' not in value and '"password"' not in value
    return last in _PUBLIC_WORDS or last.endswith("name") or any(m in value for m in _PUBLIC_MARKS)
