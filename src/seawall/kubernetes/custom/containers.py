"""Templates about containers: environment, images, ports, resources, capabilities, probes."""

from math import inf

from seawall.core.rule import Hit, Hits
from seawall.kubernetes.custom.judging import Judge, each_container
from seawall.kubernetes.custom.parameters import FaultError, Matcher, Values, matcher_of
from seawall.kubernetes.effective import protocol
from seawall.kubernetes.pods import Container
from seawall.kubernetes.quantity import quantity
from seawall.kubernetes.rule import Context
from seawall.kubernetes.rules.probes import serves
from seawall.kubernetes.rules.resources import limit_of, request_of
from seawall.text.values import integer, mapping, text

_MEBIBYTE = 2**20
_ALL = "all"
_EVERY = "ALL"
"""How a container's capabilities say that there are none it lacks."""


def env_var(values: Values) -> Judge:
    """Variables by name and literal value; one that is filled from elsewhere has none."""
    is_named, has_value = values.matcher("name"), values.matcher("value")

    def check(container: Container, _: Context) -> Hits:
        for index, variable in container.env:
            name = text(variable, "name")
            if is_named(name) and has_value(text(variable, "value")):
                yield Hit(f"sets the variable {name}", ("env", index, "name"), evidence=name)

    return each_container(check)


def image(values: Values) -> Judge:
    """Image references that match a list of patterns, or match none of one."""
    is_blocked, is_allowed = values.patterns("blockList"), values.patterns("allowList")
    blocks, allows = bool(values.texts("blockList")), bool(values.texts("allowList"))
    if blocks and allows:
        raise FaultError("takes blockList or allowList, not both")

    def check(container: Container, _: Context) -> Hits:
        reference = text(container.value, "image")
        if blocks and is_blocked(reference):
            message = f"image {reference or 'without a name'} is on the block list"
        elif allows and not is_allowed(reference):
            message = f"image {reference or 'without a name'} is not on the allow list"
        else:
            return
        yield Hit(message, ("image",), evidence=reference)

    return each_container(check)


def image_pull_policy(values: Values) -> Judge:
    """Pull policies; unset it is what the API server makes of the tag."""
    forbidden = values.texts("forbiddenPolicies")

    def check(container: Container, _: Context) -> Hits:
        policy = container.image_pull_policy
        if policy in forbidden:
            how = "" if text(container.value, "imagePullPolicy") else " by default"
            yield Hit(f"has the pull policy {policy}{how}", ("imagePullPolicy",), evidence=policy)

    return each_container(check)


def ports(values: Values) -> Judge:
    """Declared container ports by number and protocol."""
    wanted, is_protocol = values.integer("port"), values.matcher("protocol")

    def check(container: Container, _: Context) -> Hits:
        for index, port in container.ports:
            name = protocol(port)
            if (integer(port, "containerPort") or 0) == wanted and is_protocol(name):
                place = ("ports", index, "containerPort")
                yield Hit(f"declares port {wanted}/{name}", place, evidence=f"{wanted}/{name}")

    return each_container(check)


def cpu(values: Values) -> Judge:
    """CPU amounts within a range of thousandths of a core."""
    upper = values.bound("upperBoundMillis")
    return _amounts(values, "cpu", values.integer("lowerBoundMillis"), upper, 1e-3)


def memory(values: Values) -> Judge:
    """Memory amounts within a range of mebibytes."""
    upper = values.bound("upperBoundMB")
    return _amounts(values, "memory", values.integer("lowerBoundMB"), upper, _MEBIBYTE)


def _amounts(values: Values, resource: str, lower: int, upper: int | None, unit: float) -> Judge:
    """Requests or limits within a range, both ends included; nothing at all counts as zero."""
    wanted = values.text("requirementsType")
    kinds = [kind for kind in ("request", "limit") if wanted in (kind, "any")]
    least, most = lower * unit, inf if upper is None else upper * unit
    until = "" if upper is None else f" to {upper}"
    range_ = f"{lower}{until}{'m' if unit < 1 else 'Mi'}{'' if until else ' or more'}"

    def check(container: Container, context: Context) -> Hits:
        if not container.takes_resources:
            return
        for kind in kinds:
            find = request_of if kind == "request" else limit_of
            value = find(container, context, resource)
            amount = 0.0 if value is None else quantity(value)
            if amount is not None and least <= _rounded(amount, unit) <= most:
                said = f"a {resource} {kind} of {value}" if amount else f"no {resource} {kind}"
                place = ("resources", f"{kind}s", resource)
                yield Hit(f"has {said}, within {range_}", place, evidence=str(value))

    return each_container(check)


def _rounded(amount: float, unit: float) -> float:
    """An amount without the noise of floats: whole thousandths, rounded up, or whole bytes."""
    step = min(1, unit)
    whole = round(amount / step, 6)
    return (whole if whole == int(whole) else int(whole) + (whole > 0)) * step


def capabilities(values: Values) -> Judge:
    """Capabilities that a container effectively has and should not have."""
    forbidden, excepted = values.texts("forbiddenCapabilities"), values.texts("exceptions")
    forbids_all = any(name.lower() == _ALL for name in forbidden)
    if forbids_all and len(forbidden) > 1:
        raise FaultError("forbiddenCapabilities is either all or a list without all")
    if excepted and not forbids_all:
        raise FaultError("exceptions go with forbiddenCapabilities: [all] only")
    if any(name.lower() == _ALL for name in excepted):
        raise FaultError("exceptions must not hold all")
    wanted = [matcher_of("forbiddenCapabilities", name) for name in forbidden]
    spared = [matcher_of("exceptions", name) for name in excepted]

    def is_forbidden(name: str) -> bool:
        if forbids_all:
            return name == _EVERY or not _any(spared, name)
        return name == _EVERY or _any(wanted, name)

    def check(container: Container, _: Context) -> Hits:
        if container.pod.is_windows or not forbidden:
            return
        held = sorted(name for name in container.capabilities if is_forbidden(name))
        if not held:
            return
        more = f" and {len(held) - 3} more" if len(held) > 3 else ""
        names = ", ".join(f"CAP_{name}" for name in held[:3]) + more
        if held == [_EVERY]:
            names = "every capability"
        yield Hit(f"has {names}", _place(container, held), evidence=",".join(held))

    return each_container(check)


def _any(matchers: list[Matcher], name: str) -> bool:
    return any(matches(name) or matches(f"CAP_{name}") for matches in matchers)


def _place(container: Container, names: list[str]) -> tuple[str | int, ...]:
    """Where a capability is added, or else where it should be dropped."""
    if container.is_privileged:
        return ("securityContext", "privileged")
    place = ("securityContext", "capabilities")
    added = [index for name, index in container.added_capabilities.items() if name in names]
    return (*place, "add", added[0]) if added else (*place, "drop")


def readiness_probe(_: Values) -> Judge:
    """Containers that serve and do not say when they are ready, behind a Service or not."""

    def check(container: Container, _: Context) -> Hits:
        runs = container.is_long_running and serves(container.pod)
        if runs and not mapping(container.value, "readinessProbe"):
            yield Hit("has no readiness probe", ("readinessProbe",))

    return each_container(check)
