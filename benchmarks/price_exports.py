"""Compare what other tools charge for a request, using our exported prices, with its real cost.

    python benchmarks/price_exports.py PYTHON [OPENCODE]

PYTHON is an interpreter with litellm, genai-prices, langfuse and aider-chat installed (any that are
missing are left out); OPENCODE is its executable. Nothing is sent to any of their servers.
"""

import http.server
import json
import subprocess
import sys
import threading
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from deepseek_cost.pricing.cost import TokenUsage, cost_of
from deepseek_cost.pricing.exports import Tool, export, write
from deepseek_cost.pricing.loader import load_prices

MODELS = ("deepseek-flash", "deepseek-v4-pro")
# 10,000 input tokens, 8,000 of them cache hits, and 1,000 output tokens; at peak, off-peak, and on
# a holiday.
USAGE = TokenUsage(cache_hit=8_000, cache_miss=2_000, output=1_000)
TIMES = {
    "peak": "2026-11-30T02:00:00+00:00",
    "off-peak": "2026-11-30T05:00:00+00:00",
    "weekend": "2026-11-29T02:00:00+00:00",
    "holiday": "2027-01-01T02:00:00+00:00",
}

LITELLM = """
import os; os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm
from litellm.litellm_core_utils.llm_cost_calc.utils import generic_cost_per_token
from litellm.types.utils import PromptTokensDetailsWrapper, Usage
litellm.register_model(json.loads(text))
usage = Usage(prompt_tokens=10_000, completion_tokens=1_000, total_tokens=11_000,
              prompt_tokens_details=PromptTokensDetailsWrapper(cached_tokens=8_000))
for name, at in times.items():
    for model in models:
        costs = generic_cost_per_token(model, usage, "deepseek",
                                       current_time=datetime.datetime.fromisoformat(at))
        print(json.dumps([name, model, f"{sum(costs):.9f}"]))
"""
GENAI_PRICES = """
from genai_prices import UpdatePrices, Usage
snapshot = UpdatePrices(url=url).fetch()
for name, at in times.items():
    for model in models:
        usage = Usage(input_tokens=10_000, cache_read_tokens=8_000, output_tokens=1_000)
        found = snapshot.calc(usage, model_ref=model, provider_id="deepseek", provider_api_url=None,
                              genai_request_timestamp=datetime.datetime.fromisoformat(at))
        print(json.dumps([name, model, f"{found.total_price:f}"]))
"""
AIDER = """
import json5
from aider.coders.base_coder import Coder
for model in models:
    info = json5.loads(text)["deepseek/" + model]
    main = type("M", (), {"info": info})
    coder = type("C", (), {"main_model": main})
    cost = Coder.compute_costs_from_tokens(coder, 10_000, 1_000, 0, 8_000)
    for name in times:
        print(json.dumps([name, model, f"{cost:.9f}"]))
"""
LANGFUSE = """
from langfuse.api.core.pydantic_utilities import parse_obj_as
from langfuse.api.models.types.create_model_request import CreateModelRequest
bodies = [parse_obj_as(CreateModelRequest, body) for body in json.loads(text)]
for model in models:
    mine = [body for body in bodies if body.model_name == model]
    prices = max(mine, key=lambda body: body.start_date).pricing_tiers[0].prices
    cost = 2000 * prices["input"] + 8000 * prices["input_cached_tokens"] + 1000 * prices["output"]
    for name in times:
        print(json.dumps([name, model, f"{cost:.9f}"]))
"""


class _Page(http.server.BaseHTTPRequestHandler):
    document = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.document)

    def log_message(self, *_args: object) -> None:
        pass


def run(python: str, tool: Tool, program: str, text: str) -> list[list[str]] | str:
    _Page.document = text.encode()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        head = f"import datetime, json, sys\ntimes = {TIMES}\nmodels = {MODELS}\n"
        head += (
            f"url = 'http://127.0.0.1:{server.server_port}/data.json'\ntext = sys.stdin.read()\n"
        )
        ran = subprocess.run(
            [python, "-c", head + program], input=text, capture_output=True, text=True, check=False
        )
        server.shutdown()
    if ran.returncode:
        return f"{tool}: {ran.stderr.strip().splitlines()[-1]}"
    return [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("[")]


def opencode(executable: str, text: str) -> list[list[str]] | str:
    """Return the configuration as opencode reads it, and the cost at its rates."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "opencode.json").write_text(text, encoding="utf-8")
        ran = subprocess.run(
            [executable, "models", "deepseek", "--verbose"],
            cwd=folder,
            env={"HOME": folder, "PATH": "/usr/bin:/bin", "DEEPSEEK_API_KEY": "none"},
            capture_output=True,
            text=True,
            check=False,
        )
    rows = []
    for model in MODELS:
        _, found, rest = ran.stdout.partition(f"deepseek/{model}\n")
        if not found:
            return f"opencode: {(ran.stderr or ran.stdout).strip()[-200:]}"
        cost = json.JSONDecoder().raw_decode(rest)[0]["cost"]
        total = 2_000 * cost["input"] + 8_000 * cost["cache"]["read"] + 1_000 * cost["output"]
        rows += [[name, model, f"{total / 1e6:.9f}"] for name in TIMES]
    return rows


def main(python: str, opencode_path: str = "") -> None:
    book = load_prices()
    at = datetime.fromisoformat(TIMES["peak"])
    programs = {
        Tool.LITELLM: LITELLM,
        Tool.GENAI_PRICES: GENAI_PRICES,
        Tool.AIDER: AIDER,
        Tool.LANGFUSE: LANGFUSE,
    }
    for tool in Tool:
        text = write(export(book, tool, at), tool)
        if tool is Tool.OPENCODE:
            found = opencode(opencode_path, text) if opencode_path else "opencode: no executable"
        else:
            found = run(python, tool, programs[tool], text)
        if isinstance(found, str):
            print(f"skipped {found}")
            continue
        for name, model, charged in found:
            price = book.price(model, datetime.fromisoformat(TIMES[name]))
            ours = cost_of(USAGE, price.rates).total
            off = (Decimal(charged) / ours - 1) * 100
            print(f"{tool:13} {name:9} {model:16} {charged:>12} ours {ours:.9f} {off:+.1f}%")


if __name__ == "__main__":
    main(*sys.argv[1:])
