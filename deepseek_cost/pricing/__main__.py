"""Print the compact copy of the bundled table: `python -m deepseek_cost.pricing`."""

import sys

from msgspec import json

from deepseek_cost.pricing.loader import Copy, bundled, mark_of, parse

table = bundled().read_bytes()
copy = Copy(mark_of(table), parse(table.decode(), str(bundled())))
sys.stdout.write(json.format(json.encode(copy), indent=1).decode() + "\n")
