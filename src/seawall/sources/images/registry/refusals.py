"""What an answer that gives nothing means, in words that say what to do."""

import json
from typing import Any

from seawall.sources.http.client import Answer, FetchError
from seawall.sources.http.statuses import Passing
from seawall.sources.images.registry.errors import Kind, RegistryError

_MOST_TOLD = 8192
"""Bytes of an answer that are looked at for its reason."""


def refused(answer: Answer, name: str, host: str, missing: str = "") -> RegistryError:
    """Why an answer is none (distribution spec, error codes); ``missing`` says what 404 means."""
    status = answer.status
    told = reason_of(answer)
    told = f" ({told})" if told else ""
    if status == 404:
        return RegistryError(
            f"{name}: {missing or 'there is no such image or tag'}{told}; see whether the name is "
            "right",
            kind="not-found",
        )
    if status == 403:
        return RegistryError(
            f"{name}: not allowed{told}; ask who runs {host} for the right to pull, or run "
            f"docker login {host} as somebody who has it",
            kind="denied",
        )
    if status == 401:
        return RegistryError(
            f"{name}: not allowed{told}; run docker login {host}", kind="not-allowed"
        )
    return RegistryError(
        f"{name}: the registry answers {status}{told}; report it to who runs the registry",
        kind="not-supported" if status < 500 else "unavailable",
    )


def reason_of(answer: Answer) -> str:
    """The first error that a registry tells, short and printable; empty where it tells none."""
    data = b""
    try:
        for chunk in answer.chunks:
            data += chunk
            if len(data) > _MOST_TOLD:
                return ""
        value: Any = json.loads(data) if data else None
    except (Passing, ValueError, RecursionError):
        return ""
    errors = value.get("errors") if isinstance(value, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    fields = first if isinstance(first, dict) else {}
    texts = [fields.get(key) for key in ("code", "message")]
    text = ": ".join(text for text in texts if isinstance(text, str) and text)
    return "".join(char if char.isprintable() else " " for char in text)[:120]


def translated(error: FetchError, address: str, host: str) -> RegistryError:
    """What a request that failed means."""
    reason = str(error).removeprefix(f"{address}: ").rpartition("; ")[0]
    kind: Kind = "unavailable"
    text = f"{host}: {reason}; try again later"
    if error.cause == "unreachable":
        kind = "unreachable"
        text = (
            f"cannot reach {host}: {reason}; see whether its name is right, or give an archive of "
            "the image instead"
        )
    elif error.cause == "untrusted":
        kind = "untrusted"
        text = (
            f"{host}: {reason.partition('; ')[0]}; put the authority's certificate into "
            "~/.config/containers/certs.d/HOST/ca.crt, or name its file with SSL_CERT_FILE"
        )
    elif error.cause == "redirect":
        kind, text = "refused", f"{host}: {reason}; report it to who runs the registry"
    elif error.status == 429:
        kind = "too-many-requests"
        text = (
            f"{host}: too many requests: {reason}; try again later, or run docker login {host} if "
            "it grants more to those"
        )
    return RegistryError(text, kind=kind)
