#!/usr/bin/env bash
# gigatoken 0.10.0 keeps every distinct word that it ever encoded, for as long as its tokenizer lives.
#
# That is why a second pass over the same text is several times as fast as the first. The memory grows
# with the words, not with the text: a text that repeats itself adds nothing, and one of ever new words
# takes several times the memory that it is long. tiktoken hardly grows with the same vocabulary and
# texts. There is no size to set and nothing to clear; a program that runs long, or reads data with many
# different numbers and ids, has to make a new tokenizer from time to time.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  gigatoken==0.10.0 tiktoken==0.14.0 psutil==7.1.3 numpy 2> "$work/pip.log" || { cat "$work/pip.log"; exit 1; }
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import base64
import gc
import time
from importlib.metadata import version
from pathlib import Path

import psutil
import tiktoken
from gigatoken import Tokenizer

print("gigatoken", version("gigatoken"), "tiktoken", version("tiktoken"))
# The smallest vocabulary there is: a token for each byte.
ranks = {bytes([byte]): byte for byte in range(256)}
lines = (b"%b %d\n" % (base64.b64encode(token), rank) for token, rank in ranks.items())
Path("bytes.tiktoken").write_bytes(b"".join(lines))
giga = Tokenizer.from_tiktoken("bytes.tiktoken", pretokenizer="gpt2", special_tokens={})
tik = tiktoken.Encoding("bytes", pat_str=r" ?\w+", mergeable_ranks=ranks, special_tokens={})

MB = 1_000_000
begins = iter(range(10**9, 10**10, 1_000_000))


def words(count: int) -> str:
    """Return so many words, none of which was in a text before."""
    begin = next(begins)
    return " ".join(f"word{begin + number}" for number in range(count))


def grown(encode, texts) -> float:
    """Return by how many MB encoding texts makes the process grow."""
    gc.collect()
    before = psutil.Process().memory_info().rss
    for text in texts:
        encode(text)
    gc.collect()
    return (psutil.Process().memory_info().rss - before) / MB


size = len(words(50_000)) / MB
giga.encode(words(50_000)), tik.encode(words(50_000))  # whatever the first call allocates
same = words(50_000)
began = time.perf_counter()
giga.encode(same)
first = time.perf_counter() - began
began = time.perf_counter()
giga.encode(same)
second = time.perf_counter() - began
repeated = grown(giga.encode, [same] * 20)
new = grown(giga.encode, (words(50_000) for _ in range(20)))
other = grown(lambda text: tik.encode(text), (words(50_000) for _ in range(20)))
print(f"a text of {size:.1f} MB: {first * 1000:.0f} ms the first time, {second * 1000:.0f} ms the second")
print(f"the same {20 * size:.0f} MB in 20 texts: gigatoken grows by {repeated:.0f} MB")
print(f"{20 * size:.0f} MB of new words in 20 texts: gigatoken grows by {new:.0f} MB, tiktoken by {other:.0f}")
names = [name for name in dir(giga) if not name.startswith("_")]
print("its methods:", ", ".join(names))

assert repeated < 10
assert new > 20 * size / 2
assert other < new / 4
assert not any(word in name for name in names for word in ("clear", "reset", "cache", "limit"))
print("As described: what was encoded once stays in memory, and nothing gives it back.")
PYTHON
