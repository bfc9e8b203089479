"""Read mutated request bodies: each is counted, or refused in one line with its place.

    python benchmarks/mutations.py --bodies 100000 --seed 1

Makes bodies of all kinds and damages them: values changed, dropped or added, and bytes of the JSON
itself. Prints what raises anything but a refusal of one line; exits with 1 if anything does.
"""

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has a requests.py of its own, which is not the library's

from deepseek_cost.pricing.loader import load_prices
from deepseek_cost.prompt.segments import SegmentCounter
from deepseek_cost.tokenizer import default_counter
from tests.bodies import MAKERS, Bodies
from tests.mutations import damaged, outcome

_SHOWN = 20


def main() -> int:
    """Read the bodies and print what becomes of them."""
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
