"""Another declaration in the place of the one before, while agents follow."""

import time

from seawall.mesh.authority.errors import RefusedError
from seawall.mesh.control import declared, standings
from seawall.mesh.control.messages import MessageError, Plain
from seawall.mesh.control.service import Controller
from seawall.mesh.identity.errors import IdentityError


def declare(controller: Controller, message: Plain) -> Plain:
    """Take ``{"declared": ..., "off": ...}`` (``declared.to_plain``) as a whole, or not at all.

    From then on it is on its way to all (``control.pushing``).
    """
    try:
        found = declared.from_plain(message["declared"])
        off = {str(name): str(reason) for name, reason in dict(message["off"]).items()}
    except (LookupError, TypeError, ValueError, AttributeError, IdentityError) as error:
        raise MessageError(f"no declaration ({error}): update seawall on this host") from None
    if found.lifetime != controller.lifetime or found.issuer != controller.issuer:
        raise RefusedError(
            "how long certificates hold, and who signs, does not change while a mesh is up: take "
            "it down first"
        )
    store, registry = controller.authority.store, controller.registry
    gone = [name for name in registry.entries if name not in {own.name for own in found.entries}]
    with store.changes():
        declared.write(store, *found, is_held=True)
        declared.set_off(store, off)
        standings.forget(store, gone)
        store.record(controller.authority.clock(), "declared", entries=len(found.entries))
    registry.redeclare(found.entries, found.rules, found.edges)
    go_on(controller)  # who tries it may refuse it before anybody looks again
    return {"entries": len(found.entries)}


def go_on(controller: Controller) -> bool:
    """Let a declaration go on its way to all, if it is time; whether agents have to hear of that.

    Each step stands in the journal.
    """
    registry, store = controller.registry, controller.authority.store
    if not registry.look(time.monotonic()):
        return False
    now, push = controller.authority.clock(), registry.push
    with store.changes():
        if push is None:
            declared.release(store)
            store.record(now, "declaration released")
        elif push.fault:
            store.record(now, "declaration stopped", why=push.fault)
        else:
            store.record(now, "declaration tried", by=sorted(push.names))
    return True
