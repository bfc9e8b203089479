"""Exports priced as the other tools do it: worked out here from what those tools read."""

import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deepseek_cost.errors import UnpricedError
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.exports import Tool, export, write
from deepseek_cost.pricing.other_tables import Tool as Table
from deepseek_cost.pricing.other_tables import compare, read_table
from deepseek_cost.pricing.schedule import Tier
from tests.conftest import Dscost, utc

AT = utc("2026-11-30 02:00")  # a Monday at 10:00 in Beijing


def read(book: PriceBook, tool: Tool, tier: Tier = Tier.PEAK) -> Any:  # noqa: ANN401 - JSON
    text = write(export(book, tool, AT, tier), tool)
    return json.loads(re.sub("(?m)^//.*", "", text))


def test_litellm_has_both_rates_and_the_hours_of_the_week(book: PriceBook) -> None:
    entry = read(book, Tool.LITELLM)["deepseek/deepseek-v4-pro"]

    # 1.32, 3.96 and 0.044 dollars per million at peak; half that off-peak.
    assert entry["input_cost_per_token"] == 1.32e-6
    assert entry["output_cost_per_token"] == 3.96e-6
    assert entry["cache_read_input_token_cost"] == 4.4e-8
    off_peak = entry["off_peak_pricing"]
    assert off_peak["input_cost_per_token"] == 6.6e-7
    assert off_peak["windows"] == [
        {"hours_utc": ["00:00-01:00", "04:00-06:00", "10:00-00:00"], "weekdays": [1, 2, 3, 4, 5]},
        {"hours_utc": "00:00-00:00", "weekdays": [6, 7]},
    ]


def test_every_hour_of_a_week_without_holidays_is_right_in_litellm(
    book: PriceBook, tmp_path: Path
) -> None:
    path = tmp_path / "litellm.json"
    path.write_text(write(export(book, Tool.LITELLM, AT), Tool.LITELLM), encoding="utf-8")
    table = read_table(Table.LITELLM, path)

    wrong = []
    for hour in range(7 * 24):
        at = AT + timedelta(hours=hour)
        for name in ("deepseek-flash", "deepseek-v4-pro", "deepseek-chat"):
            rates, theirs = book.price(name, at).rates, table[name](at)
            assert theirs is not None
            if (rates.cache_hit, rates.cache_miss, rates.output) != (
                theirs.cache_hit,
                theirs.cache_miss,
                theirs.output,
            ):
                wrong.append((name, at))
    assert wrong == []


@pytest.mark.parametrize("tool", [Tool.LITELLM, Tool.GENAI_PRICES])
def test_a_tool_without_holidays_is_off_there_and_says_on_which_days(
    book: PriceBook, tool: Tool
) -> None:
    comments = " ".join(export(book, tool, AT).comments)

    assert "+100%" in comments
    for day in ("2027-01-01", "2027-02-05", "2027-02-08", "2027-04-05", "2027-10-01"):
        assert day in comments
    assert "19 days more" in comments


@pytest.mark.parametrize("tool", [Tool.AIDER, Tool.OPENCODE, Tool.LANGFUSE])
def test_a_tool_with_one_rate_says_how_far_it_is_off(book: PriceBook, tool: Tool) -> None:
    # Five days with seven peak hours: 35 of 168. The mean is (35 x 2 + 133) / 168 = 1.2083 times
    # off-peak; the peak rate is 2 / 1.2083 = 1.655 times the mean, the off-peak rate 0.8276 times.
    peak = " ".join(export(book, tool, AT).comments)
    off_peak = " ".join(export(book, tool, AT, Tier.OFF_PEAK).comments)

    assert "off by +100%, and by +66% for spending spread evenly" in peak
    assert "(35 of 168 hours are peak)" in peak
    assert "off by -50%, and by -17% for spending spread evenly" in off_peak


def test_opencode_has_prices_per_million_at_the_rate_asked_for(book: PriceBook) -> None:
    for tier, cost in (
        (Tier.PEAK, {"input": 0.3, "output": 1.2, "cache_read": 0.006}),
        (Tier.OFF_PEAK, {"input": 0.15, "output": 0.6, "cache_read": 0.003}),
    ):
        models = read(book, Tool.OPENCODE, tier=tier)["provider"]["deepseek"]["models"]
        assert models["deepseek-flash"]["cost"] == cost
        assert models["deepseek-flash"]["limit"] == {"context": 1_000_000, "output": 393_216}


def test_langfuse_has_each_list_from_its_start(book: PriceBook) -> None:
    bodies = [b for b in read(book, Tool.LANGFUSE) if b["modelName"] == "deepseek-v4-pro"]

    assert [(b["startDate"], b["pricingTiers"][0]["prices"]["output"]) for b in bodies] == [
        ("2026-04-23T16:00:00Z", 3.48e-6),
        ("2026-04-24T16:00:00Z", 8.7e-7),
        ("2026-04-26T12:15:00Z", 8.7e-7),
        ("2026-05-31T15:59:00Z", 8.7e-7),
        ("2026-08-16T16:00:00Z", 3.96e-6),
    ]
    pattern = bodies[0]["matchPattern"].removeprefix("(?i)")
    names = ["deepseek-v4-pro", "deepseek/deepseek-v4-pro", "deepseek-v4-pro-2"]
    assert [bool(re.match(pattern, name)) for name in names] == [True, True, False]


def test_genai_prices_doubles_in_the_two_windows_of_utc(book: PriceBook) -> None:
    (provider,) = read(book, Tool.GENAI_PRICES)
    (flash,) = [model for model in provider["models"] if model["id"] == "deepseek-flash"]

    off_peak, morning, afternoon = flash["prices"]
    assert off_peak["prices"]["input_mtok"] == 0.15
    assert morning["constraint"] == {"start_time": "01:00:00Z", "end_time": "04:00:00Z"}
    assert afternoon["constraint"] == {"start_time": "06:00:00Z", "end_time": "10:00:00Z"}
    assert morning["prices"] == {"input_mtok": 0.3, "cache_read_mtok": 0.006, "output_mtok": 1.2}


def test_before_there_were_peak_hours_one_rate_is_right(book: PriceBook) -> None:
    at = utc("2026-06-01 00:00")
    document = json.loads(write(export(book, Tool.LITELLM, at), Tool.LITELLM))
    assert "off_peak_pricing" not in document["deepseek-v4-pro"]
    assert document["deepseek-v4-pro"]["input_cost_per_token"] == 4.35e-7
    with pytest.raises(UnpricedError, match="no USD price is known"):
        export(book, Tool.LITELLM, utc("2026-01-01 00:00"))


@pytest.mark.parametrize("tool", Tool)
def test_the_command_writes_what_the_tool_reads_and_comments_to_stderr(
    dscost: Dscost, tool: Tool
) -> None:
    ran = dscost("prices", "export", "--for", tool, "--at", "2026-11-30T02:00Z")

    assert ran.code == 0
    assert json.loads(re.sub("(?m)^//.*", "", ran.out))
    assert "checked 2026-11-28" in ran.err
    assert dscost("prices", "export", "--for", tool, "--rate", "flat").code == 2


OWN = {  # a LiteLLM-like table with one list of prices, without hours
    "deepseek/deepseek-v4-pro": {
        "litellm_provider": "deepseek",
        "input_cost_per_token": 1.32e-06,
        "output_cost_per_token": 3.96e-06,
        "cache_read_input_token_cost": 4.4e-08,
    },
    "other/deepseek-v4-pro": {"litellm_provider": "other", "input_cost_per_token": 1},
}


def test_a_table_with_one_list_is_right_at_peak_alone(book: PriceBook, tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_text(json.dumps(OWN))
    cells = list(compare(book, read_table(Table.LITELLM, path), AT))

    same = {cell.when for cell in cells if cell.is_same}
    assert same == {"2026-08-16, peak", "2026-08-16, peak, weekend"}
    off_peak = [cell for cell in cells if cell.when == "2026-08-16, off-peak"]
    assert {cell.off_percent for cell in off_peak} == {Decimal("100.0")}
    # The lists of April and May; then peak, off-peak, weekends by both rules, and a holiday.
    assert len(cells) == 3 * (4 + 5)


def test_the_same_list_is_found_inside_a_program(tmp_path: Path) -> None:
    path = tmp_path / "ccusage"
    path.write_bytes(b"\x7fELF\0\xff" + json.dumps(OWN).encode() + b'"deepseek-x": {"\0' * 3)
    table = read_table(Table.CCUSAGE, path)
    assert list(table) == ["deepseek-v4-pro"]
    charged = table["deepseek-v4-pro"](AT)
    assert charged is not None
    assert charged.output == Decimal("3.96")


PYTHON = """
providers = [Provider(id='x', models=[]), Provider(id='deepseek', models=[ModelInfo(
    id='deepseek-flash', match=ClauseOr(or_=[ClauseEquals(equals='deepseek-v4-flash')]),
    prices=[
        ConditionalPrice(prices=ModelPrice(input_mtok=Decimal('0.14'), output_mtok=1)),
        ConditionalPrice(constraint=StartDateConstraint(start_date=datetime.date(2026, 9, 10)),
            prices=ModelPrice(input_mtok=Decimal('0.15'), output_mtok=2)),
        ConditionalPrice(constraint=TimeOfDateConstraint(
            start_time=datetime.time(1, 0, tzinfo=datetime.UTC),
            end_time=datetime.time(4, 0, tzinfo=datetime.UTC)),
            prices=ModelPrice(input_mtok=Decimal('0.3'), output_mtok=3)),
    ])])]
raise SystemExit  # nothing of it is run
"""


def test_the_python_of_genai_prices_is_read_and_not_run(tmp_path: Path) -> None:
    path = tmp_path / "data.py"
    path.write_text(PYTHON)
    table = read_table(Table.GENAI_PRICES, path)

    for at, price in (("2026-09-09 05:00", "0.14"), ("2026-09-10 05:00", "0.15")):
        for name in ("deepseek-flash", "deepseek-v4-flash"):
            charged = table[name](utc(at))
            assert charged is not None
            assert charged.cache_miss == Decimal(price)
    charged = table["deepseek-flash"](utc("2026-09-09 03:59"))
    assert charged is not None
    assert charged.output == 3  # the last price that applies, although it began later


def test_models_dev_and_model_prices_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    cost = {"input": 0.15, "output": 0.6, "cache_read": 0.003}
    path.write_text(json.dumps({"deepseek": {"models": {"deepseek-flash": {"cost": cost}}}}))
    charged = read_table(Table.MODELS_DEV, path)["deepseek-flash"](AT)
    assert charged is not None
    assert charged.cache_hit == Decimal("0.003")

    schedule = {
        "provider": "deepseek",
        "valid_from": "2026-08-16T16:00:00Z",
        "peak_hours_utc": [["01:00", "04:00"]],
        "peak_multiplier": 2.0,
        "weekdays_only": True,
        "holidays": "cn",
    }
    document = {
        "schedules": {"schedule": [schedule], "holidays": {"cn": {"dates": ["2026-10-01"]}}},
        "prices": {"deepseek": {"deepseek-flash": {"standard": [{"start": None, "rates": cost}]}}},
    }
    path.write_text(json.dumps(document))
    charges = read_table(Table.MODEL_PRICES, path)["deepseek-flash"]
    found = [
        charged.output
        for at in ("2026-11-30 02:00", "2026-11-30 05:00", "2026-11-29 02:00", "2026-10-01 02:00")
        if (charged := charges(utc(at)))
    ]
    assert found == [Decimal("1.2"), *[Decimal("0.6")] * 3]


@pytest.mark.parametrize("tool", Table)
@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "<html>", '{"deepseek": 3}', "[" * 100_000]
)
def test_a_file_that_is_no_table_is_one_line_and_exit_1(
    dscost: Dscost, tmp_path: Path, tool: Table, text: str
) -> None:
    path = tmp_path / "table"
    path.write_text(text)
    ran = dscost("prices", "diff", tool, path)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert str(path) in ran.err


def test_a_tool_that_is_not_installed_is_an_error(dscost: Dscost) -> None:
    ran = dscost("prices", "diff", "ccusage")
    assert (ran.code, ran.problem.count("\n")) == (1, 1)
    assert "give the file" in ran.problem


def test_the_prices_that_we_export_are_the_same_where_a_tool_can_have_them(
    dscost: Dscost, book: PriceBook, tmp_path: Path
) -> None:
    path = tmp_path / "litellm.json"
    path.write_text(write(export(book, Tool.LITELLM, AT), Tool.LITELLM), encoding="utf-8")
    ran = dscost("prices", "diff", "litellm", path, "--at", "2026-11-30T02:00Z", "--json")

    report = json.loads(ran.out)
    wrong = {entry["when"] for entry in report["differences"] if entry["model"] == "deepseek-flash"}
    assert (ran.code, wrong) == (1, {"2026-09-10, off-peak, holiday"})
    assert report["missing_models"] == []
    assert book.price("flash", datetime.fromisoformat(report["priced_at"]), Currency.USD)
