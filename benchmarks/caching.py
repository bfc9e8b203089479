"""Compare forecast cache hits with recorded ones, request by request.

    python benchmarks/caching.py cases.jsonl

Prints a row for each request that follows another in its recording: input, recorded hits,
forecast (expected, best), and whether the prompt continues the previous prompt and its response
(if not, the reason). Exits with 1 if fewer than 95% of the continuing requests match the forecast.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has its own requests.py, which would shadow the library

from deepseek_cost.pricing.loader import load_prices
from deepseek_cost.prompt.segments import SegmentEncoder
from deepseek_cost.tokenizer import default_counter
from tests.sequences import Sequences

_GOAL = 0.95


def main() -> int:
    """Print the table and the number of exact forecasts; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("recorded", type=Path)
    sequences = Sequences(load_prices(), SegmentEncoder(default_counter()))
    found = list(sequences.transitions(parser.parse_args().recorded))
    for one in found:
        reported = "continues" if one.continues else one.reason or "other words"
        mark = " " if one.hit == one.forecast.expected else "!"
        figures = f"{one.input:>6}{one.hit:>6}{one.forecast.expected:>6}{one.forecast.best or 0:>6}"
        print(f"{mark}{figures} {one.template:<10} {one.name[:72]}: {reported}")
    continuing = [one for one in found if one.continues]
    exact = sum(one.hit == one.forecast.expected for one in continuing)
    print(f"{len(found)} transitions, {len(continuing)} continue, {exact} of these as expected")
    return 0 if exact >= _GOAL * len(continuing) else 1


if __name__ == "__main__":
    sys.exit(main())
