"""Compare request bodies, token by token, with DeepSeek's own code, and with recorded bills.

    python benchmarks/requests.py --bodies 70000 --seed 1 [--kinds odd tools] [--recorded FILE]

Makes so many bodies of each kind and renders each with our templates and with deepseek-recipe, for
V4 and V4.1. The token ids have to be the same, special tokens kept apart from text that spells
them; what one refuses, the other has to refuse. Prints what differs; exits with 1 if anything does.
Install another deepseek-recipe before, and it tells what has changed in that.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import deepseek_recipe as recipe

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has a requests.py of its own, which is not the library's

from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.pricing.entries import Template
from deepseek_cost.pricing.loader import load_prices
from deepseek_cost.prompt.body import count_body
from deepseek_cost.prompt.segments import SegmentCounter
from deepseek_cost.tokenizer import default_counter
from tests.bodies import MAKERS, Bodies
from tests.reference import Differential, request

_MODELS = {Template.V4: "deepseek-v4-pro", Template.V4_1: "deepseek-flash"}
_SHOWN = 5


def main() -> int:
    """Run the comparisons."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--bodies", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="*", default=list(MAKERS))
    parser.add_argument("--recorded", type=Path)
    options = parser.parse_args()
    print(f"deepseek-recipe {recipe.__version__}", flush=True)
    differential = Differential()
    differ = sum(_made(name, options.bodies, options.seed, differential) for name in options.kinds)
    if options.recorded:
        differ += _recorded(options.recorded)
    return 1 if differ else 0


def _made(name: str, count: int, seed: int, differential: Differential) -> int:
    """Compare so many bodies of a kind; return how many differ."""
    kind, make = MAKERS[name]
    bodies = Bodies(seed)
    began = time.monotonic()
    differ = refused = 0
    for _ in range(count):
        body = make(bodies)
        for template in _MODELS:
            found = differential.compare(kind, template, body)
            refused += found.refused
            if found.difference:
                differ += 1
                if differ <= _SHOWN:
                    print(name, template, found.difference, json.dumps(body), flush=True)
    seconds = time.monotonic() - began
    print(
        f"{name}: {count:,} bodies, {refused:,} refused by both, {differ} differ, {seconds:.0f} s",
        flush=True,
    )
    return differ


def _recorded(path: Path) -> int:
    """Compare with what the API billed; return how many exact cases differ."""
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
