#!/usr/bin/env bash
# ccusage 20 finds no usage in a Claude Code transcript whose JSON has a blank after each colon.
#
# A JSON parser takes both spellings for the same value, and both are what usual serializers write:
# JSON.stringify none, Python's json.dumps by default one. The native program of ccusage counts the
# first and reports nothing of the second, with exit code 0 and no warning: a transcript that a
# script filtered or redacted costs nothing in its report.
set -euo pipefail

version=20.0.24
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# The program is a package of its own for each platform; npm may leave optional ones out.
case $(uname -sm) in
  "Linux x86_64") platform=linux-x64 ;;
  "Linux aarch64") platform=linux-arm64 ;;
  "Darwin x86_64") platform=darwin-x64 ;;
  "Darwin arm64") platform=darwin-arm64 ;;
  *) echo "no native program for $(uname -sm)"; exit 1 ;;
esac
npm install --silent --no-audit --no-fund "ccusage@$version" "@ccusage/ccusage-$platform@$version" \
  > npm.log 2>&1 || { cat npm.log; exit 1; }
ccusage=$PWD/node_modules/.bin/ccusage
echo "$("$ccusage" --version) (npm package ccusage@$version)"

# One response of Claude Code, in both spellings; the values are equal, which Python checks.
python3 - <<'PYTHON'
import json
import pathlib

line = {
    "type": "assistant",
    "sessionId": "00000000-0000-4000-8000-000000000001",
    "version": "2.1.197",
    "timestamp": "2026-11-20T08:00:00.000Z",
    "requestId": "req_1",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [{"type": "text", "text": "Hello"}],
        "usage": {
            "input_tokens": 1200,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 300,
            "output_tokens": 45,
        },
    },
}
compact = json.dumps(line, separators=(",", ":"))
spaced = json.dumps(line)
assert json.loads(compact) == json.loads(spaced)
for name, text in (("compact", compact), ("spaced", spaced)):
    folder = pathlib.Path(name, "projects", "example")
    folder.mkdir(parents=True)
    (folder / "00000000-0000-4000-8000-000000000001.jsonl").write_text(text + "\n")
PYTHON

count() {
  HOME=$work/home CLAUDE_CONFIG_DIR=$work/$1 \
    "$ccusage" claude daily --json --offline > "$1.json" 2> "$1.err" || { cat "$1.err"; exit 1; }
  python3 - "$1.json" <<'PYTHON'
import json
import sys

totals = json.load(open(sys.argv[1])).get("totals") or {}
print(totals.get("inputTokens", 0), totals.get("cacheReadTokens", 0), totals.get("outputTokens", 0))
PYTHON
}
mkdir home
compact=$(count compact)
spaced=$(count spaced)
echo "without blanks: input, cache reads, output = $compact"
echo "with blanks:    input, cache reads, output = $spaced (standard error: $(wc -c < spaced.err) bytes)"

test "$compact" = "1200 300 45"
test "$spaced" = "0 0 0"
echo "As described: the same response is counted in one spelling and missing in the other."
