"""Compare counts of request bodies with DeepSeek's own code, and with recorded bills.

    python benchmarks/requests.py --bodies 5000 --seed 1 [--recorded cases.jsonl]

Makes so many bodies of each kind, counts each for both templates, and encodes it with
deepseek-recipe and the same vocabulary from end to end. Prints what differs; exits with 1 if
anything does. A breakdown that does not add up is a difference, too.
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
from tests.reference import Reference, request

_MODELS = {Template.V4: "deepseek-v4-pro", Template.V4_1: "deepseek-flash"}


def main() -> int:
    """Run the comparisons."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--bodies", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--recorded", type=Path)
    options = parser.parse_args()
    reference = Reference()
    differ = sum(_made(name, options.bodies, options.seed, reference) for name in MAKERS)
    if options.recorded:
        differ += _recorded(options.recorded)
    return 1 if differ else 0


def _made(name: str, count: int, seed: int, reference: Reference) -> int:
    """Compare so many bodies of a kind; return how many differ."""
    kind, make = MAKERS[name]
    counter, book, bodies = SegmentCounter(default_counter()), load_prices(), Bodies(seed)
    began = time.monotonic()
    differ = compared = refused = 0
    while compared < count:
        body = make(bodies)
        for template, model in _MODELS.items():
            try:
                expected = reference.tokens(kind, template, body)
            except recipe.ConversionError:
                refused += 1
                continue
            made = request(body, kind, ascii_only=bool(compared % 2))
            parts = count_body(made, book.find(model), counter).parts
            if parts.input != expected or parts.template < 1:
                differ += 1
                print(template, parts.input, expected, json.dumps(body))
        compared += 1
    seconds = time.monotonic() - began
    print(f"{name}: {compared:,} bodies, {refused} refused, {differ} differ, {seconds:.0f} s")
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
