"""`dscost`, also as `python -m deepseek_cost`."""

import gc
import sys

# Loading makes many objects that stay. Looking for garbage among them takes 15 ms on the way, and
# 15 more at the end.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000


_PROMPT_LINE = ("dscost", "when", "--template", "TEMPLATE")


def main() -> None:
    """Run the command line; the process ends with its exit code."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        if sys.argv[1:3] == ["when", "--template"] and len(sys.argv) == len(_PROMPT_LINE):
            _write_prompt_line(sys.argv[3])
        if sys.argv[1:] == ["statusline"]:
            _write_status_line()
        _end_when_asked_to()
        from deepseek_cost.cli.app import run  # noqa: PLC0415 - an interrupt while it loads is one, too

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        gc.freeze()


def _end_when_asked_to() -> None:
    """Have SIGTERM and SIGHUP end the process in order, so that no temporary file is left."""
    import signal  # noqa: PLC0415 - a status line is too short to be ended

    def end(number: int, _: object) -> None:
        for name in asked:
            signal.signal(name, signal.SIG_IGN)  # what is put away is not interrupted
        sys.exit(128 + number)

    names = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP
    signals = [getattr(signal, name) for name in names if hasattr(signal, name)]
    # With nohup a process is started with SIGHUP ignored, and goes on.
    asked = [one for one in signals if signal.getsignal(one) is signal.SIG_DFL]
    for one in asked:
        signal.signal(one, end)


def _write_prompt_line(template: str) -> None:
    """End with the line if it can be had fast; whatever stands in the way, the command tells."""
    from contextlib import suppress  # noqa: PLC0415 - an interrupt while it loads is one, too

    from deepseek_cost.cli.prompt_line import line  # noqa: PLC0415 - for this command alone

    with suppress(AttributeError, OSError, ValueError):
        text = line(template)
        if text is not None:
            sys.stdout.write(text)
            sys.stdout.flush()
            sys.exit()


def _write_status_line() -> None:
    """End with the line of a coding session if it can be had fast, likewise."""
    from contextlib import suppress  # noqa: PLC0415 - an interrupt while it loads is one, too

    from deepseek_cost.cli.statusline import main as write_line  # noqa: PLC0415 - likewise

    with suppress(AttributeError, OSError):
        if write_line():
            sys.exit()


if __name__ == "__main__":
    main()
