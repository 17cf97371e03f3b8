"""Another declaration in the place of the one before, while agents follow."""

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
    return {"entries": len(found.entries)}
