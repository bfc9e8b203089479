"""`dscost`, also as `python -m deepseek_cost`."""

import sys


def main() -> None:
    """Run the command line; the process ends with its exit code."""
    try:
        from deepseek_cost.cli import run  # noqa: PLC0415 - an interrupt while it loads is one, too

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
