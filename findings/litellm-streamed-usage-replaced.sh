#!/usr/bin/env bash
# litellm 1.81.10 replaces the usage that DeepSeek streams by an estimate of its own, unmarked.
#
# DeepSeek sends a stream's usage in the chunk that has the finish_reason, not in one after it. Asked
# for with `include_usage` or not, that usage is dropped, and the record of a success has LiteLLM's own
# count of prompt and response: cache hits and reasoning are gone, and it looks like any other record.
# 1.110.2 logged what was streamed.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check litellm==1.81.10 \
  2> "$work/pip.log" || { cat "$work/pip.log"; exit 1; }
cd "$work"
LITELLM_LOCAL_MODEL_COST_MAP=True DEEPSEEK_API_KEY=none "$work/venv/bin/python" - <<'PYTHON'
import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import litellm
from litellm.integrations.custom_logger import CustomLogger

USAGE = {
    "prompt_tokens": 5_220,
    "completion_tokens": 163,
    "total_tokens": 5_383,
    "prompt_cache_hit_tokens": 5_120,
    "prompt_cache_miss_tokens": 100,
    "completion_tokens_details": {"reasoning_tokens": 123},
}


def chunk(delta: dict, finish: str | None = None, usage: dict | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    about = {"id": "a", "object": "chat.completion.chunk", "created": 1_790_000_000}
    return "data: " + json.dumps(about | {"model": "m", "choices": [choice], "usage": usage}) + "\n\n"


class Api(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        chunks = chunk({"role": "assistant", "content": "42"}) + chunk({"content": ""}, "stop", USAGE)
        data = (chunks + "data: [DONE]\n\n").encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


logged: list[dict] = []


class Log(CustomLogger):
    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        logged.append(kwargs["standard_logging_object"])


async def ask(base: str) -> None:
    stream = await litellm.acompletion(
        model="deepseek/deepseek-chat",
        api_base=base,
        messages=[{"role": "user", "content": "What is six times seven?"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    async for _ in stream:
        pass
    for _ in range(100):
        if logged:
            break
        await asyncio.sleep(0.1)


server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
threading.Thread(target=server.serve_forever, daemon=True).start()
litellm.callbacks = [Log()]
litellm.suppress_debug_info = True
asyncio.run(ask(f"http://127.0.0.1:{server.server_port}/v1"))

print("litellm", version("litellm"))
(record,) = logged
found = {name: record[name] for name in ("status", "prompt_tokens", "completion_tokens")}
print("streamed:", USAGE["prompt_tokens"], "prompt tokens,", USAGE["completion_tokens"], "completion tokens")
print("logged:  ", found)
assert found["status"] == "success"
assert found["prompt_tokens"] < 50
assert found["completion_tokens"] < 10
print("As described: the record is a success with other counts than the API sent.")
PYTHON
