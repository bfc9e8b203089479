"""Time whole processes on files of growing size, and draw a line chart of the times.

    python benchmarks/growth.py --largest 1000000000 --svg growth.svg

Both axes are logarithmic. A counter that takes more than `--most` seconds skips larger files.
"""

import argparse
import math
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final

from pygal import XY, Config
from pygal.style import Style

from deepseek_cost.tokenizer import vocabulary

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has its own requests.py, which would shadow the library

from benchmarks.corpora import paragraphs
from benchmarks.racing import Rivals, dscost, process, raced
from deepseek_cost.render.svg import without_scripts

_TOKENIZERS: Final = """
import sys
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file(sys.argv[1])
print(len(tokenizer.encode(open(sys.argv[2], encoding="utf-8").read()).ids))
"""
_UNITS: Final = ("B", "KB", "MB", "GB", "TB")


def main() -> None:
    """Time sizes from 1 KB up in powers of ten, print the seconds and draw the chart."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--largest", type=int, default=100_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--most", type=float, default=60)
    parser.add_argument("--svg", type=Path)
    options = parser.parse_args()
    lines: dict[str, list[tuple[int, float]]] = {}
    slow: set[str] = set()
    size = 1_000
    with tempfile.TemporaryDirectory() as folder:
        while size <= options.largest:
            path = Path(folder, "text.txt")
            with path.open("w", encoding="utf-8") as file:
                file.writelines(paragraphs("mixed", size))
            rivals = {n: r for n, r in _rivals(path, options.most).items() if n not in slow}
            done = raced(rivals, options.runs if size < 10**8 else 1)
            slow |= rivals.keys() - done.keys()
            for name, runs in done.items():
                seconds = statistics.median(run.seconds for run in runs)
                lines.setdefault(name, []).append((path.stat().st_size, seconds))
                print(f"{size:14,} bytes  {name:28} {seconds:8.3f} s", flush=True)
            size *= 10
    if options.svg:
        options.svg.write_text(_drawn(lines), encoding="utf-8")


def _rivals(path: Path, most: float) -> Rivals:
    tokenizers: list[str | Path] = [
        sys.executable,
        "-c",
        _TOKENIZERS,
        vocabulary.original_path(),
        path,
    ]
    return {
        "dscost count": process([dscost(), "count", path], most=most),
        "dscost count --engine tiktoken": process(
            [dscost(), "count", "--engine", "tiktoken", path], most=most
        ),
        "tokenizers": process(tokenizers, most=most),
    }


def _drawn(lines: dict[str, list[tuple[int, float]]]) -> str:
    """Draw seconds against bytes on logarithmic axes."""
    largest = max(size for points in lines.values() for size, _ in points)
    chart = XY(
        Config(
            js=[],
            title="Seconds to count a text, whole process",
            legend_at_bottom=True,
            legend_at_bottom_columns=3,
            truncate_legend=-1,
            x_labels=list(range(3, round(math.log10(largest)) + 1)),
            x_value_formatter=_bytes,
            y_labels=[-2, -1, 0, 1, 2],
            value_formatter=lambda power: f"{10**power:g} s",
            explicit_size=True,
            width=760,
            height=440,
        ),
        style=Style(background="#ffffff", plot_background="#ffffff", font_family="sans-serif"),
    )
    for name, points in lines.items():
        chart.add(name, [(math.log10(size), math.log10(seconds)) for size, seconds in points])
    return without_scripts(chart.render_tree())


def _bytes(power: float) -> str:
    unit = round(power) // 3
    return f"{10 ** (round(power) - 3 * unit)} {_UNITS[unit]}"


if __name__ == "__main__":
    main()
