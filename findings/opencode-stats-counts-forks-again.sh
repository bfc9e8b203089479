#!/usr/bin/env bash
# opencode 1.18.33: `opencode stats` counts the history of a forked session a second time.
#
# `opencode run --fork` copies a session's messages, with their tokens and costs, under new ids, and
# `stats` adds up all messages. Nothing was sent for the copies. Whoever reads opencode.db by the ids of
# its messages makes the same mistake; the millisecond of creation (`time.created`) is copied as it was.
set -euo pipefail

work=$(mktemp -d)
trap 'kill "${server:-}" 2> "$work/kill.log" || true; rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund opencode-ai@1.18.33 > npm.log 2>&1 || { cat npm.log; exit 1; }

cat > server.py <<'PYTHON'
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USAGE = {
    "prompt_tokens": 5_220,
    "completion_tokens": 163,
    "total_tokens": 5_383,
    "prompt_tokens_details": {"cached_tokens": 5_120},
}


class Answers(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the output to what is shown."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_title = not body.get("tools")
        with open("charged.txt", "a") as file:
            file.write("title\n" if is_title else "answer\n")
        about = {"id": "a", "object": "chat.completion.chunk", "created": 1_790_000_000, "model": "m"}
        parts = (({"role": "assistant", "content": "ok"}, None, None), ({}, "stop", USAGE))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for delta, finish, usage in parts:
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            chunk = about | {"choices": [choice], "usage": usage}
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
with open("port.txt", "w") as file:
    file.write(str(server.server_port))
server.serve_forever()
PYTHON
python3 server.py &
server=$!
for _ in $(seq 50); do [ -s port.txt ] && break; sleep 0.1; done

export HOME="$work/home" XDG_DATA_HOME="$work/home/data" XDG_CONFIG_HOME="$work/home/config"
export XDG_STATE_HOME="$work/home/state" XDG_CACHE_HOME="$work/home/cache"
mkdir -p "$XDG_CONFIG_HOME/opencode" project
cat > "$XDG_CONFIG_HOME/opencode/opencode.json" <<JSON
{"autoupdate": false, "model": "own/m", "small_model": "own/m", "provider": {"own": {
  "npm": "@ai-sdk/openai-compatible",
  "options": {"baseURL": "http://127.0.0.1:$(cat port.txt)/v1", "apiKey": "none"},
  "models": {"m": {"name": "m"}}}}}
JSON

cd project
opencode=../node_modules/.bin/opencode
"$opencode" run "first" > ../run.log 2>&1 < /dev/null || { cat ../run.log; exit 1; }
"$opencode" run --continue "second" > ../run.log 2>&1 < /dev/null
"$opencode" run --continue --fork "third, in a fork" > ../run.log 2>&1 < /dev/null
answers=$(grep -c answer ../charged.txt)
read_tokens=$("$opencode" stats 2> ../stats.log | sed -n 's/.*Cache Read *\([0-9.]*K\).*/\1/p')
echo "$answers requests with 5,120 cache hits each were answered, beside those that name a session"
echo "opencode stats: $read_tokens cache hits; charged: $(python3 -c "print(f'{$answers * 5.12:.1f}K')")"
[ "$answers" = 3 ] && [ "$read_tokens" = 25.6K ] || { echo "not as described"; exit 1; }
