"""Compare token counts with the tokenizers package on millions of hostile strings.

    python benchmarks/differential.py --strings 2000000 --seed 1 --engine gigatoken

Each string is split as one text. It is also cut into random blocks and split by the code for long
runs, with limits so low that this code is always used. Prints the strings that differ, and exits
with 1 if there are any.
"""

import argparse
import json
import sys
import time
from array import array
from dataclasses import replace
from pathlib import Path

from msgspec import structs
from tokenizers import Tokenizer

from deepseek_cost.tokenizer import default_counter, fast_counter, vocabulary
from deepseek_cost.tokenizer.base import EngineName
from deepseek_cost.tokenizer.tiktoken_engine import byte_pairs

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.hostile import Hostile

_BATCH = 1_000


def main() -> int:
    """Run the comparison, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--strings", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    engines = [EngineName.TIKTOKEN, EngineName.GIGATOKEN]
    parser.add_argument("--engine", type=EngineName, choices=engines, default=EngineName.TIKTOKEN)
    options = parser.parse_args()
    document = json.loads(vocabulary.original_path().read_bytes())
    plain = document | {"added_tokens": [], "post_processor": None}
    reference = Tokenizer.from_str(json.dumps(plain))
    fast = options.engine is EngineName.GIGATOKEN
    counter = fast_counter() if fast else default_counter()
    small = replace(byte_pairs(), window=48, overlap=24)
    hasty = structs.replace(counter, longest_piece=24, byte_pairs=lambda: small)
    hostile = Hostile(options.seed)
    began = time.monotonic()
    differ = tokens = 0
    for _ in range(0, options.strings, _BATCH):
        texts = [hostile.string() for _ in range(_BATCH)]
        for text, expected in zip(texts, reference.encode_batch(texts), strict=True):
            ids = array("I", counter.engine.ids(text)).tolist()
            tokens += len(ids)
            if ids != expected.ids or hasty.count(hostile.blocks(text)) != len(ids):
                differ += 1
                print(ascii(text), len(expected.ids), len(ids))
    seconds = time.monotonic() - began
    print(f"{options.strings:,} strings, {tokens:,} tokens, {differ} differ, {seconds:.0f} s")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
