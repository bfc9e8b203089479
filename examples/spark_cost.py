"""Estimate what a column of prompts will cost, on Spark: `python examples/spark_cost.py`.

Needs pyspark, pandas, pyarrow and Java; the workers' Python (see PYSPARK_PYTHON) also needs
deepseek-cost.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql.functions import pandas_udf
from pyspark.sql.functions import sum as total_of
from pyspark.sql.types import LongType

from deepseek_cost import TokenUsage, count_texts, price_usage

MODEL = "deepseek-v4-pro"


@pandas_udf(LongType())
def tokens(batches: Iterator[pd.Series]) -> Iterator[pd.Series]:
    """Return the input tokens of one request per prompt; Spark passes a batch at a time."""
    for prompts in batches:
        yield pd.Series(count_texts(prompts, model=MODEL))


spark = SparkSession.builder.master("local[2]").getOrCreate()
prompts = [(line,) for line in Path("examples/review.txt").read_text("utf-8").splitlines()]
counted = spark.createDataFrame(prompts, ["prompt"]).withColumn("input_tokens", tokens("prompt"))
total = counted.agg(total_of("input_tokens")).first()[0]
cost = price_usage(TokenUsage(0, total), model=MODEL, at=datetime(2026, 11, 23, 2, tzinfo=UTC))
print(f"{len(prompts)} requests, {total:,} input tokens, {cost.total} USD without output")
spark.stop()
