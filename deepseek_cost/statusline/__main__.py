"""Print the tiers to come: `python -m deepseek_cost.statusline > data/tiers.txt`."""

import sys

from deepseek_cost.pricefile import bundled, load_prices, mark_of
from deepseek_cost.statusline.table import made_of

sys.stdout.write(made_of(load_prices(), mark_of(bundled().read_bytes())))
