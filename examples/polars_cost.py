"""Estimate what a column of prompts will cost, in Polars: `python examples/polars_cost.py`."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from deepseek_cost import TokenUsage, count_texts, price_usage

MODEL = "deepseek-v4-pro"


def tokens(prompts: pl.Series) -> pl.Series:
    """Return the input tokens of one request per prompt; Polars passes a batch at a time."""
    return pl.Series(count_texts(prompts.to_list(), model=MODEL))


prompts = pl.DataFrame({"prompt": Path("examples/review.txt").read_text("utf-8").splitlines()})
counted = prompts.with_columns(
    pl.col("prompt").map_batches(tokens, return_dtype=pl.Int64).alias("input_tokens")
)
total = counted["input_tokens"].sum()
cost = price_usage(TokenUsage(0, total), model=MODEL, at=datetime(2026, 11, 23, 2, tzinfo=UTC))
print(f"{len(counted)} requests, {total:,} input tokens, {cost.total} USD without output")
