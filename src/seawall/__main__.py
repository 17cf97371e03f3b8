"""``python -m seawall`` and the console script."""

import gc
import os
import sys


def main() -> int:
    """Run the command line; gives the exit code."""
    # A scan makes few cycles and lives for seconds: collecting costs a third of its time.
    gc.disable()
    from seawall.cli.main import run  # noqa: PLC0415 - after the collector is off
    from seawall.cli.output import silence_stdout  # noqa: PLC0415

    if sys.stderr is None:  # closed; messages go nowhere, but they must not raise
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - as long as the process lives
    try:
        code = run(sys.argv[1:])
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output left, as `| head` does
        silence_stdout()
        return 141
    except Exception:  # noqa: BLE001 - Python's own exit code, 1, would mean findings
        from traceback import print_exc  # noqa: PLC0415 - only for an error

        print_exc()
        sys.stderr.write("seawall: internal error; please report it with the lines above\n")
        silence_stdout()
        return 4
    gc.freeze()  # at its end the interpreter collects once more: it need not look at all there is
    return code


if __name__ == "__main__":
    sys.exit(main())
