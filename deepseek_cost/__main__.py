"""`dscost`, also as `python -m deepseek_cost`."""

import gc
import sys

# Loading creates many objects that are kept. Garbage collection would take 15 ms during loading and
# another 15 ms at the end.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000
# Seconds to wait for an interrupted callback to return.
_MOMENT = 0.001

_PROMPT_LINE = ("dscost", "when", "--template", "TEMPLATE")


def main() -> None:
    """Run the command line; the process ends with its exit code."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        if sys.argv[1:3] == ["when", "--template"] and len(sys.argv) == len(_PROMPT_LINE):
            _write_prompt_line(sys.argv[3])
        if sys.argv[1:2] == ["statusline"]:
            _write_status_line()
        _handle_signals()
        _buffer_output()
        from deepseek_cost.cli.app import run  # noqa: PLC0415 - an interrupt while it loads is one, too

        sys.exit(run(sys.argv[1:]))
    except BaseException as error:
        if _is_interrupt(error):
            sys.exit(130)
        raise
    finally:
        gc.freeze()


def _is_interrupt(error: BaseException | None) -> bool:
    """Return whether an error is or was caused by an interrupt, as in a class being loaded."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__
    return error is not None


def _handle_signals() -> None:
    """Make every interrupt end the process, and SIGTERM and SIGHUP, leaving no files behind."""
    import signal  # noqa: PLC0415 - a status line is too short to be ended

    def interrupt_again(lost: "sys.UnraisableHookArgs") -> None:
        # Python drops exceptions raised in a callback; each import has one.
        if not _is_interrupt(lost.exc_value):
            sys.__unraisablehook__(lost)
        elif hasattr(signal, "setitimer"):  # Windows has none
            signal.signal(signal.SIGALRM, signal.default_int_handler)
            signal.setitimer(signal.ITIMER_REAL, _MOMENT)

    def end(number: int, _: object) -> None:
        for name in asked:
            signal.signal(name, signal.SIG_IGN)  # what is put away is not interrupted
        sys.exit(128 + number)

    names = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP
    signals = [getattr(signal, name) for name in names if hasattr(signal, name)]
    # Under nohup, a process starts with SIGHUP ignored, and keeps running.
    asked = [one for one in signals if signal.getsignal(one) is signal.SIG_DFL]
    for one in asked:
        signal.signal(one, end)
    sys.unraisablehook = interrupt_again


def _buffer_output() -> None:
    """Buffer standard output even if PYTHONUNBUFFERED is set.

    Without a buffer, Python silently drops output that doesn't fit on a full disk.
    """
    stdout = sys.stdout
    if stdout is not None and not hasattr(stdout.buffer, "raw"):
        sys.stdout = open(  # noqa: SIM115 - as long as the process
            stdout.fileno(), "w", encoding=stdout.encoding, errors=stdout.errors, closefd=False
        )


def _write_prompt_line(template: str) -> None:
    """Print the line and exit if it is quick to get; otherwise the command reports why not."""
    from contextlib import suppress  # noqa: PLC0415 - an interrupt while it loads is one, too

    from deepseek_cost.cli.prompt_line import line  # noqa: PLC0415 - only for this command

    with suppress(AttributeError, OSError, ValueError):
        text = line(template)
        if text is not None:
            sys.stdout.write(text)
            sys.stdout.flush()
            sys.exit()


def _write_status_line() -> None:
    """Print the status line of a coding session and exit if it is quick to get."""
    from contextlib import suppress  # noqa: PLC0415 - an interrupt while it loads is one, too

    from deepseek_cost.cli.statusline import main as write_line  # noqa: PLC0415 - likewise

    with suppress(AttributeError, OSError):
        if write_line():
            sys.exit()


if __name__ == "__main__":
    main()
