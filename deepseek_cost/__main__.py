"""`dscost`, also as `python -m deepseek_cost`."""

import gc
import sys

# Loading makes many objects that stay. Looking for garbage among them takes 15 ms on the way, and
# 15 more at the end.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000


def main() -> None:
    """Run the command line; the process ends with its exit code."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        from deepseek_cost.cli import run  # noqa: PLC0415 - an interrupt while it loads is one, too

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
