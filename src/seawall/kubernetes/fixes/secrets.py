"""Moves credentials out of manifests. No value enters anything that is written."""

from seawall.core.edit import Data, Operation, Remove, Repair, Safety, Set
from seawall.core.lazy import pattern
from seawall.core.location import KeyPath
from seawall.core.rule import Hit
from seawall.kubernetes.fix import Repairs, add, at_hit, mends, put, repair
from seawall.kubernetes.fixes.naming import credentials_name, new_value
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.pods import Container
from seawall.kubernetes.rule import Context
from seawall.text.shell.script import SHELLS, Origin
from seawall.text.values import at, mapping, text

_OTHERS = pattern(r"[^a-z0-9.-]+")
_NO_VARIABLE = pattern(r"[^A-Z0-9_]+")
_OPTION = pattern(r"-{1,2}[A-Za-z][\w.-]*")


@mends("hardcoded-secret")
def take_from_secret(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """A variable or a word of the arguments is filled from a Secret that somebody makes by hand.

    A word is replaced only where it is all value (``--requirepass VALUE``) or a value behind its
    option (``--password=VALUE``): the kubelet puts variables in place of ``$(NAME)`` there, as it
    does in every word of ``command`` and ``args``. In a text that a shell or a program reads,
    such as a script or a file of a ConfigMap, only a person can say how it gets at a variable.
    """
    if len(hit.at) >= 3 and hit.at[-1] == "value" and hit.at[-3] == "env":
        yield from _variable(object_, hit)
    elif len(hit.at) >= 2 and hit.at[-2] in ("command", "args"):
        container = _container(object_, hit.at[:-2], context)
        if container is not None:
            yield from _word(container, hit)


def _variable(object_: KubernetesObject, hit: Hit) -> Repairs:
    entry = at(object_.value, *hit.at[:-1])
    variable = text(entry, "name")
    if not variable or not isinstance(entry, dict) or "valueFrom" in entry:
        return
    place = at_hit(object_, hit)[:-1]
    name, key = credentials_name(object_), _key(variable)
    yield _repair(
        object_, f"Take {variable} from the Secret {name}", key,
        Remove((*place, "value")),
        Set((*place, "valueFrom", "secretKeyRef", "name"), name),
        Set((*place, "valueFrom", "secretKeyRef", "key"), key),
    )  # fmt: skip


def _word(container: Container, hit: Hit) -> Repairs:
    field, index = hit.at[-2], hit.at[-1]
    word = text(container.value, field, index)
    if _is_script(container, field, index):
        yield from _in_script(container, hit)
        return
    option, equals, _ = word.partition("=")
    named = bool(equals) and _OPTION.fullmatch(option) is not None
    before = text(container.value, field, index - 1) if isinstance(index, int) and index else ""
    alone = not word.startswith("-") and _OPTION.fullmatch(before) is not None
    if any(character.isspace() for character in word) or "$" in word or not (named or alone):
        return
    object_ = container.object
    variable = _NO_VARIABLE.sub("_", (option if named else before).strip("-").upper()).strip("_")
    if len(variable) < 3 or any(text(item, "name") == variable for _, item in container.env):
        return
    name, key = credentials_name(object_), _key(variable)
    source: dict[str, Data] = {
        "name": variable,
        "valueFrom": {"secretKeyRef": {"name": name, "key": key}},
    }
    yield _repair(
        object_, f"Take {variable} from the Secret {name}", key,
        put(container, hit.at[-2:], f"{option}=$({variable})" if named else f"$({variable})"),
        add(container, ("env",), source),
    )  # fmt: skip


_SCRIPT = pattern(r"-[a-z]*c")
_LITERAL = pattern(r"[^\s$`\\'\"!]+")


def _is_script(container: Container, field: str | int, index: str | int) -> bool:
    """Whether a word is what ``sh -c`` runs."""
    if not isinstance(index, int) or index < 1:
        return False
    before = [text(container.value, field, place) for place in range(index)]
    shells = [text(container.value, "command", 0), *before[:1]]
    return _SCRIPT.fullmatch(before[-1]) is not None and any(
        shell.rpartition("/")[2] in SHELLS for shell in shells
    )


def _in_script(container: Container, hit: Hit) -> Repairs:
    """A variable in the place of a credential in a shell's words.

    That is: in words that stand bare or in double quotes, of commands of the script itself. The
    shell reads the value as one word then, whatever it holds.
    """
    field, index = hit.at[-2], hit.at[-1]
    script, value = text(container.value, field, index), hit.secret.reveal()
    from seawall.text.shell.parser import parse  # noqa: PLC0415 - loads the shell's grammar

    data = script.encode("utf-8")
    parsed = parse(Origin(data, (0,), (0,)), "sh")
    if not value or parsed.broken or value.encode("utf-8") not in data:
        return
    words = {
        (word.start, word.end): (word, command)
        for command in parsed.commands
        for word in command.words
        if value in word.text
    }
    chosen = [item for item in words.values() if item[1].parent is None]
    if not chosen or sum(item[0].text.count(value) for item in chosen) != script.count(value):
        return
    command = chosen[0][1]
    variable = _NO_VARIABLE.sub("_", f"{command.name}_PASSWORD".upper()).strip("_")
    if any(text(item, "name") == variable for _, item in container.env) or variable in script:
        return
    for word, _ in sorted(chosen, key=lambda item: -item[0].start):
        quoted = len(word.text) > 1 and word.text[0] + word.text[-1] == '""'
        inner = word.text[1:-1] if quoted else word.text
        if not word.editable or not _LITERAL.fullmatch(inner.replace(" ", "") if quoted else inner):
            return
        new = '"' + inner.replace(value, f"${{{variable}}}") + '"'
        data = data[: word.start] + new.encode("utf-8") + data[word.end :]
    object_ = container.object
    name, key = credentials_name(object_), _key(variable)
    source: dict[str, Data] = {
        "name": variable,
        "valueFrom": {"secretKeyRef": {"name": name, "key": key}},
    }
    yield _repair(
        object_, f"Take {variable} from the Secret {name}", key,
        put(container, hit.at[-2:], data.decode("utf-8")),
        add(container, ("env",), source),
    )  # fmt: skip


def _container(object_: KubernetesObject, place: KeyPath, context: Context) -> Container | None:
    path = (*object_.path, *place)
    found = (one for pod in context.pods(object_) for one in pod.containers if one.path == path)
    return next(found, None)


def _key(variable: str) -> str:
    return _OTHERS.sub("-", variable.lower().replace("_", "-")).strip("-.") or "value"


def _repair(object_: KubernetesObject, title: str, key: str, *operations: Operation) -> Repair:
    return repair(
        object_,
        title,
        *operations,
        safety=Safety.UNSAFE,
        effect="the pod does not start before the Secret is there",
        brings=("config-reference-not-found",),
        note=new_value(object_, credentials_name(object_), key),
    )


@mends("service-account-legacy-token-secret")
def remove_token(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """The whole document goes: it asks the API server for a token, and holds nothing else."""
    if object_.kind != "Secret" or object_.path:
        return
    if mapping(object_.value, "data") or mapping(object_.value, "stringData"):
        return
    namespace = text(object_.metadata, "namespace")
    inside = f" --namespace {namespace}" if namespace else ""
    yield repair(
        object_,
        "Ask for no token that never ends",
        Remove(()),
        safety=Safety.UNSAFE,
        effect="who uses the token is refused once the Secret is deleted from the cluster",
        note=f"kubectl delete secret {object_.name}{inside}, and give who used it a token of "
        "kubectl create token or of a projected volume",
    )
