"""Compare request bodies, token by token, with DeepSeek's own code and with recorded bills.

    python benchmarks/requests.py --rounds 67 --seed 1 [--kinds odd tools] [--recorded FILE]

Each round generates 1,000 bodies of each kind from its own seed, and renders each one for V4 and
V4.1 with our templates and with deepseek-recipe. The token ids must be the same, including the
difference between special tokens and text that spells them; both must reject the same bodies.
Prints what differs, and running totals after each round; to continue later, start with the next
seed. Exits with 1 if anything differs. Run with another version of deepseek-recipe installed, it
shows what changed there.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import deepseek_recipe as recipe

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has its own requests.py, which would shadow the library

from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.pricing.entries import Template
from deepseek_cost.pricing.loader import load_prices
from deepseek_cost.prompt.body import count_body
from deepseek_cost.prompt.segments import SegmentCounter
from deepseek_cost.tokenizer import default_counter
from tests.bodies import MAKERS, Bodies
from tests.reference import Differential, request

_MODELS = {Template.V4: "deepseek-v4-pro", Template.V4_1: "deepseek-flash"}
_IN_A_ROUND = 1_000
_MOST_SHOWN = 50


def main() -> int:
    """Run the comparisons, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--bodies", type=int, default=_IN_A_ROUND, help="of a kind in a round")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="*", default=list(MAKERS))
    parser.add_argument("--recorded", type=Path)
    options = parser.parse_args()
    print(f"deepseek-recipe {recipe.__version__}", flush=True)
    sums = _Sums()
    for seed in range(options.seed, options.seed + options.rounds):
        for name in options.kinds:
            sums.add(name, options.bodies, seed)
        print(f"up to seed {seed}: {sums}", flush=True)
    differ = sums.differ
    if options.recorded:
        differ += _recorded(options.recorded)
    return 1 if differ else 0


class _Sums:
    """Totals so far; a body rejected or different in several templates is counted once."""

    def __init__(self) -> None:
        self._differential = Differential()
        self._began = time.monotonic()
        self.bodies = self.refused = self.unknown = self.differ = 0

    def add(self, name: str, count: int, seed: int) -> None:
        """Compare `count` bodies of one kind."""
        kind, make = MAKERS[name]
        bodies = Bodies(seed)
        for _ in range(count):
            body = make(bodies)
            found = self._differential.compare(kind, body)
            self.refused += any(its.refused for its in found.values())
            self.unknown += any(its.unknown for its in found.values())
            differing = {t: its.difference for t, its in found.items() if its.difference}
            self.differ += bool(differing)
            if differing and self.differ <= _MOST_SHOWN:
                print(name, differing, json.dumps(body), flush=True)
        self.bodies += count

    def __str__(self) -> str:
        return (
            f"{self.bodies:,} bodies, {self.refused:,} refused by both, {self.unknown:,} with "
            f"input unknown from here, {self.differ} differ, {time.monotonic() - self._began:.0f} s"
        )


def _recorded(path: Path) -> int:
    """Compare with what the API billed; return the number of exact cases that differ."""
    counter, book = SegmentCounter(default_counter()), load_prices()
    exact = differ = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        case: dict[str, Any] = json.loads(line)
        if case["template"] not in ("v4", "v4.1"):
            continue
        kind = Kind.RESPONSES if case["endpoint"] == "responses" else Kind.CHAT
        body = case["request"]
        thinking = {"deepseek-chat": False, "deepseek-reasoner": True}.get(body["model"])
        model = book.find(_MODELS[Template(case["template"])])
        tokens = count_body(request(body, kind), model, counter, thinking=thinking).parts.input
        billed = case["usage"].get("prompt_tokens", case["usage"].get("input_tokens"))
        exact += tokens == billed
        if tokens != billed:
            expected = case["sent_order"] and case["residual"] == 0
            differ += expected
            why = "DIFFERS" if expected else "keys not in the order sent, or a residual"
            print(f"{case['id']}: counted {tokens}, billed {billed}: {why}")
    print(f"recorded: {exact} exact, {differ} differ that should not")
    return differ


if __name__ == "__main__":
    sys.exit(main())
