"""How an agent stands, in a file: people on its host may have no controller to ask."""

import asyncio
import json
import os
import time
from typing import TYPE_CHECKING

from seawall.mesh.control.messages import Plain

if TYPE_CHECKING:
    from seawall.mesh.agents.agent import Agent

_EVERY = 0.5


def standing_of(agent: "Agent") -> Plain:
    """What is told."""
    workloads = {
        name: {
            "standing": charge.standing()._asdict(), "refused": charge.refused,
        }
        for name, charge in agent.charges.items()
    }  # fmt: skip
    return {
        "host": agent.host, "ends": agent.own.validity.end, "fault": agent.fault,
        "has_orders": agent.orders is not None, "workloads": workloads,
    }  # fmt: skip


async def tell(agent: "Agent", path: str) -> None:
    """Write it when it has changed, until cancelled; nothing where no file is named."""
    if not path:
        return
    told = None
    while True:
        now = standing_of(agent)
        if now != told:
            told = now
            _write(path, {**now, "at": int(time.time())})
        await asyncio.sleep(_EVERY)


def _write(path: str, plain: Plain) -> None:
    temporary = f"{path}.new"
    with open(temporary, "w", encoding="utf-8") as stream:
        json.dump(plain, stream)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)


def read(path: str) -> Plain | None:
    """What an agent has written last; ``None`` where there is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            found: Plain = json.load(stream)
    except (OSError, ValueError):
        return None
    return found
