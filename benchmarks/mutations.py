"""Read mutated request bodies; each must be counted, or rejected with a one-line error.

    python benchmarks/mutations.py --bodies 100000 --seed 1

Generates bodies of all kinds and damages them: values are changed, dropped or added, and so are
bytes of the JSON itself. Prints each body that raises anything but a one-line error, and exits
with 1 if there are any.
"""

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has its own requests.py, which would shadow the library

from deepseek_cost.pricing.loader import load_prices
from deepseek_cost.prompt.segments import SegmentCounter
from deepseek_cost.tokenizer import default_counter
from tests.bodies import MAKERS, Bodies
from tests.mutations import damaged, outcome

_SHOWN = 20


def main() -> int:
    """Read the bodies, print how many were counted or rejected, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--bodies", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    counter, book = SegmentCounter(default_counter()), load_prices()
    models = [book.find("deepseek-v4-pro"), book.find("deepseek-flash")]
    chance, bodies = Random(options.seed), Bodies(options.seed)  # noqa: S311 - no secret
    names = list(MAKERS)
    became: Counter[str] = Counter()
    began = time.monotonic()
    for number in range(options.bodies):
        kind, make = MAKERS[names[number % len(names)]]
        text = damaged(json.dumps(make(bodies)), bodies, chance)
        found = outcome(text, kind, models, counter)
        became[found.partition(":")[0]] += 1
        if found.startswith("FAULT") and became["FAULT"] <= _SHOWN:
            print(found, text, flush=True)
    print(f"{options.bodies:,} bodies, {dict(became)}, {time.monotonic() - began:.0f} s")
    return 1 if became["FAULT"] else 0


if __name__ == "__main__":
    sys.exit(main())
