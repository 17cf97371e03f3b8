"""How far workloads had come, in the store.

A controller that is started again waits for those too who have not reported to it yet, and tells
their peers where they are.
"""

import json
from collections.abc import Collection, Mapping

from seawall.mesh.authority.store import Store
from seawall.mesh.control.messages import Standing

_OF, _EDITION = "standing:", "standings"
_MANY = 20
"""Workloads for which all are read at once."""


def write(store: Store, standings: Mapping[str, Standing]) -> None:
    """Remember how workloads stand, where that is news."""
    known = store.facts(_OF) if len(standings) > _MANY else {
        name: store.fact(_OF + name) for name in standings
    }  # fmt: skip
    news = {
        name: text
        for name, own in standings.items()
        if known.get(name) != (text := _written(own))
    }  # fmt: skip
    if not news:
        return
    with store.changes():
        for name, text in news.items():
            store.set_fact(_OF + name, text)
        store.set_fact(_EDITION, str(edition(store) + 1))


def edition(store: Store) -> int:
    """A number that is another one after each change."""
    return int(store.fact(_EDITION) or 0)


def read(store: Store) -> dict[str, Standing]:
    """How workloads stood when they were heard of last."""
    return {name: _read(text) for name, text in store.facts(_OF).items()}


def forget(store: Store, names: Collection[str]) -> None:
    """Drop workloads whose proxies are known to have ended, within ``changes``."""
    for name in names:
        store.drop_fact(_OF + name)


def _written(own: Standing) -> str:
    return json.dumps([own.addresses, own.slot, own.ends, own.generation])


def _read(text: str) -> Standing:
    addresses, slot, ends, generation = json.loads(text)
    return Standing(tuple(addresses), slot, ends, generation)
