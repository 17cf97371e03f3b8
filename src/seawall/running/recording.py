"""A runner whose image's process is watched (``seawall.tracing``)."""

import errno
import os
from collections.abc import Callable

from seawall.tracing.record import Record
from seawall.tracing.tracer import Wanted, trace


def run_recorded(become: Callable[[], int], root: str, record: int) -> int:
    """Have a child be a runner, and record what is executed below a root; gives its exit status.

    ``record`` is an open file. Raises ``OSError`` where nothing can be seen: nothing was run then,
    and the record says why.
    """
    os.set_inheritable(record, False)  # noqa: FBT003 - as the function has it

    def be() -> None:
        os._exit(become())

    ended = trace(be, Wanted(root), Record(record))
    if ended is None:
        raise OSError(errno.EPERM, "it cannot be watched here")
    code = os.waitstatus_to_exitcode(ended)
    return 128 - code if code < 0 else code
