#!/usr/bin/env bash
# Portkey's gateway 1.15.2 drops the cache hits and the reasoning from DeepSeek's whole responses.
#
# Its `deepseek` provider builds each whole response anew and keeps three token counts of it. A log
# behind the gateway cannot tell hits from misses, although a hit costs a thirtieth of a miss or less.
set -euo pipefail

work=$(mktemp -d)
trap 'kill "${gateway:-}" "${server:-}" 2> "$work/kill.log" || true; rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @portkey-ai/gateway@1.15.2 > npm.log 2>&1 || { cat npm.log; exit 1; }

cat > server.py <<'PYTHON'
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USAGE = {
    "prompt_tokens": 5_220,
    "completion_tokens": 163,
    "total_tokens": 5_383,
    "prompt_tokens_details": {"cached_tokens": 5_120},
    "completion_tokens_details": {"reasoning_tokens": 123},
    "prompt_cache_hit_tokens": 5_120,
    "prompt_cache_miss_tokens": 100,
}
ABOUT = {
    "id": "a",
    "object": "chat.completion",
    "created": 1_790_000_000,
    "model": "deepseek-v4-flash",
}
MESSAGE = {"role": "assistant", "content": "ok", "reasoning_content": "Thinking."}


class Answers(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the output to what is shown."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        choice = {"index": 0, "finish_reason": "stop"}
        sent = json.dumps(ABOUT | {"usage": USAGE, "choices": [choice | {"message": MESSAGE}]})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent.encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
with open("port.txt", "w") as file:
    file.write(str(server.server_port))
server.serve_forever()
PYTHON
python3 server.py &
server=$!
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
node node_modules/@portkey-ai/gateway/build/start-server.js --port="$port" > gateway.log 2>&1 &
gateway=$!
for _ in $(seq 100); do curl -s "127.0.0.1:$port" > up.log && [ -s port.txt ] && break; sleep 0.2; done

curl -s "127.0.0.1:$port/v1/chat/completions" -H 'Content-Type: application/json' \
  -H 'x-portkey-provider: deepseek' -H 'Authorization: Bearer none' \
  -H "x-portkey-custom-host: http://127.0.0.1:$(cat port.txt)" \
  -d '{"model": "deepseek-v4-flash", "messages": [{"role": "user", "content": "hi"}]}' > answer.json
echo "DeepSeek sent 5,120 cache hits, 123 reasoning tokens and reasoning_content. Through the gateway:"
cat answer.json
echo
grep -q '"prompt_tokens":5220' answer.json || { echo "no answer"; exit 1; }
if grep -q '5120\|reasoning' answer.json; then echo "not as described"; exit 1; fi
