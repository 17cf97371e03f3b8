"""``python -m seawall`` and the console script."""

import gc
import os
import sys


def main() -> int:
    """Run the command line; gives the exit code."""
    # A scan makes few cycles and lives for seconds: collecting costs a third of its time.
    gc.disable()
    from seawall.cli.main import run  # noqa: PLC0415 - after the collector is off

    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output left, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    return code


if __name__ == "__main__":
    sys.exit(main())
