"""What the rules of each namespace have dropped: counted by who has the right to look, told to all.

The supervisor writes the counts into a file, which the agent reads: it has no right to look itself.
"""

import asyncio
import json
import os
from collections.abc import Callable, Mapping

Counts = Mapping[str, Mapping[str, int]]
"""By workload and reason."""
EVERY = 5.0
_LARGEST = 8 << 20


def write(path: str, counts: Counts) -> None:
    """Replace the file as a whole."""
    temporary = f"{path}.new"
    with open(temporary, "w", encoding="ascii") as stream:
        json.dump(counts, stream)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)


def read(path: str) -> Counts:
    """The counts; none where nobody has written any yet."""
    try:
        with open(path, encoding="ascii") as stream:
            found = json.loads(stream.read(_LARGEST))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


async def follow(path: str, tell: Callable[[Counts], None]) -> None:
    """Tell the counts again and again, until cancelled."""
    while path:
        tell(read(path))
        await asyncio.sleep(EVERY)
