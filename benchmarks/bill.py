"""Bill a made-up month of requests in one pass, and check the total against a sum in SQLite.

    python benchmarks/bill.py [LINES] [FOLDER]

The month is September 2026, with a price change, a change of the peak-hour rules, and a holiday.
"""

import json
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SEPTEMBER = 1_788_220_800  # 2026-09-01 00:00 UTC
SECONDS = 30 * 86_400

# Copied by hand from the price page, in units of 1e-12 USD per token; nothing comes from the price
# table. On 2026-09-10 at 04:00 UTC (1,789,012,800) Flash became cheaper.
PRICED = """
WITH lines AS (
  SELECT json_extract(line, '$.response.created') AS at,
         json_extract(line, '$.response.model') AS model,
         json_extract(line, '$.response.usage.prompt_cache_hit_tokens') AS hit,
         json_extract(line, '$.response.usage.prompt_cache_miss_tokens') AS miss,
         json_extract(line, '$.response.usage.completion_tokens') AS output
  FROM log
), tiers AS (
  SELECT *,
    CASE WHEN strftime('%w', at, 'unixepoch', '+8 hours') IN ('1', '2', '3', '4', '5')
          AND date(at, 'unixepoch', '+8 hours') != '2026-09-25'
          AND (time(at, 'unixepoch') >= '01:00:00' AND time(at, 'unixepoch') < '04:00:00'
            OR time(at, 'unixepoch') >= '06:00:00' AND time(at, 'unixepoch') < '10:00:00')
         THEN 2 ELSE 1 END AS peak
  FROM lines
)
SELECT count(*), sum(hit), sum(miss), sum(output),
  sum(peak * CASE
    WHEN model = 'deepseek-v4-pro' THEN hit * 22000 + miss * 660000 + output * 1980000
    WHEN at < 1789012800 THEN hit * 7000 + miss * 220000 + output * 660000
    ELSE hit * 3000 + miss * 150000 + output * 600000 END)
FROM tiers
"""


def lines(count: int) -> Iterator[str]:
    """Yield responses in chronological order, as a proxy would log them."""
    chance = random.Random(7)  # noqa: S311 - no secret
    for number in range(count):
        hit = 128 * chance.randrange(200)
        miss = chance.randrange(1, 3_000)
        output = chance.randrange(1, 2_000)
        usage = {
            "prompt_tokens": hit + miss,
            "completion_tokens": output,
            "total_tokens": hit + miss + output,
            "prompt_tokens_details": {"cached_tokens": hit},
            "completion_tokens_details": {"reasoning_tokens": chance.randrange(output)},
            "prompt_cache_hit_tokens": hit,
            "prompt_cache_miss_tokens": miss,
        }
        response = {
            "id": f"{chance.getrandbits(64):016x}",
            "object": "chat.completion",
            "created": SEPTEMBER + number * SECONDS // count,
            "model": chance.choice(("deepseek-v4-flash", "deepseek-v4-pro")),
            "usage": usage,
        }
        key = {"user_api_key_alias": f"team-{chance.randrange(20)}"}
        yield json.dumps({"metadata": key, "response": response})


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        log = Path(folder, "september.jsonl")
        with log.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines(count))
        print(f"{count:,} lines, {log.stat().st_size:,} bytes")
        report = billed(log)
        with sqlite3.connect(Path(folder, "log.db")) as database:
            database.execute("CREATE TABLE log (line TEXT)")
            with log.open(encoding="utf-8") as file:
                database.executemany("INSERT INTO log VALUES (?)", ((line,) for line in file))
            requests, hit, miss, output, units = database.execute(PRICED).fetchone()
    tokens, total = report["total"]["tokens"], report["total"]["cost"]["total"]
    assert (tokens["cache_hit"], tokens["cache_miss"], tokens["output"]) == (hit, miss, output)
    assert report["total"]["requests"] == requests == count
    whole, _, decimals = total.partition(".")
    assert int(whole + decimals.ljust(12, "0")) == units, (total, units)
    print(f"total {total} USD, as SQLite says: {units} x 1e-12")


def billed(log: Path) -> dict[str, Any]:
    """Return the report of `dscost bill`, and print its run time and memory."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "deepseek_cost", "bill", str(log), "--json"]
    ran = subprocess.run(command, check=True, capture_output=True)
    took = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"dscost bill: {took:.1f} s, at most {peak} MB of memory")
    return json.loads(ran.stdout)  # type: ignore[no-any-return]


if __name__ == "__main__":
    main()
