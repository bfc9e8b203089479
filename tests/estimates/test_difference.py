"""Comparing two sides: matched files, sums, percentages, the limit."""

from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepseek_cost.estimates.difference import (
    NOTHING,
    Difference,
    FileChange,
    Limit,
    Pair,
    SideTotals,
    State,
    changes_of,
    matched,
    summed,
)
from deepseek_cost.estimates.sides import Side, SkippedFile
from deepseek_cost.inputs.source import TextSource


def figures(minimum: str, total: str | None = None) -> SideTotals:
    whole = None if total is None else Decimal(total)
    return SideTotals(
        requests=1, text=1, template=0, output=None, floor=Decimal(minimum), total=whole
    )


def states(before: dict[str, str], after: dict[str, str]) -> dict[str, State]:
    return {file.name: file.state for file in matched(before, after)}


def test_files_are_matched_by_name_then_by_content() -> None:
    before = {"same": "1", "edited": "2", "old": "3", "gone": "4"}
    after = {"same": "1", "edited": "5", "moved": "3", "new": "6"}

    assert states(before, after) == {
        "same": State.UNCHANGED,
        "edited": State.CHANGED,
        "moved": State.RENAMED,
        "new": State.ADDED,
        "gone": State.REMOVED,
    }


def test_a_copy_is_added_and_only_one_of_two_is_the_renamed_one() -> None:
    assert states({"a": "1"}, {"a": "1", "b": "1"})["b"] is State.ADDED
    assert list(states({"a": "1"}, {"b": "1", "c": "1"}).values()) == [State.RENAMED, State.ADDED]


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3)),
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3)),
)
def test_every_file_of_either_side_is_listed_once_and_the_sums_are_those_of_the_sides(
    old: dict[str, int], new: dict[str, int]
) -> None:
    """Unchanged files cost the same on both sides, so the increase comes only from changes."""
    matches = matched(*({name: str(n) for name, n in side.items()} for side in (old, new)))

    def found_in(side: dict[str, int], name: str) -> list[SideTotals]:
        return [figures(str(side.get(name, 0)))]

    files = changes_of(matches, partial(found_in, old), partial(found_in, new))

    (pair,) = summed([[Pair(NOTHING, NOTHING)], *(file.pairs for file in files)])
    assert pair.increase == sum(new.values()) - sum(old.values())
    assert sorted(one.name for one in matches if one.state is not State.REMOVED) == sorted(new)
    named_before = [one.old_name or one.name for one in matches if one.state is not State.ADDED]
    assert sorted(named_before) == sorted(old)
    assert len(matches) - len(files) == sum(old.get(name) == n for name, n in new.items())


@pytest.mark.parametrize(
    ("before", "after", "percent"),
    [
        ("4", "5", "25.0"),
        ("3", "4", "33.3"),
        ("3", "2", "-33.3"),
        ("5", "5", "0.0"),
        ("5", "0", "-100.0"),
        ("0", "0", "0.0"),
        ("0", "5", None),  # no percentage exists
    ],
)
def test_an_increase_in_percent_is_of_the_cost_before(
    before: str, after: str, percent: str | None
) -> None:
    expected = None if percent is None else Decimal(percent)
    assert Pair(figures(before), figures(after)).percent == expected


@pytest.mark.parametrize(
    ("before", "after", "limit", "is_passed"),
    [
        ("100", "110", Limit("10%", percent=Decimal(10)), False),  # equal is not over
        ("100", "110.00001", Limit("10%", percent=Decimal(10)), True),
        ("100", "90", Limit("0%", percent=Decimal(0)), False),
        ("0", "0.00001", Limit("1000%", percent=Decimal(1000)), True),  # infinite, as from zero
        ("0", "0", Limit("0%", percent=Decimal(0)), False),
        ("100", "100.05", Limit("0.05", amount=Decimal("0.05")), False),
        ("100", "100.06", Limit("0.05", amount=Decimal("0.05")), True),
        ("0", "0.05", Limit("0.05", amount=Decimal("0.05")), False),
        ("100", "0", Limit("0", amount=Decimal(0)), False),
    ],
)
def test_a_limit_is_passed_by_what_is_more(
    before: str, after: str, limit: Limit, is_passed: object
) -> None:
    assert limit.is_passed(Pair(figures(before), figures(after))) is is_passed


def test_whole_costs_are_compared_where_both_are_known_else_those_without_output() -> None:
    assert Pair(figures("1", "10"), figures("2", "30")).increase == 20  # 30 - 10
    assert Pair(figures("1", "10"), figures("2")).increase == 1  # 2 - 1
    assert Pair(NOTHING, figures("2", "30")).increase == 30


def test_the_largest_increase_of_any_model_comes_first() -> None:
    def change(name: str, *increases: str) -> FileChange:
        return FileChange(name, State.CHANGED, [Pair(figures("1"), figures(i)) for i in increases])

    files = [change("a", "1", "2"), change("b", "9", "1"), change("c", "0", "0")]
    found = Difference(["x", "y"], [], files).changed()

    assert [file.name for file in found] == ["b", "a", "c"]


def test_files_that_have_no_text_are_left_out_with_all_below_in_linear_time() -> None:
    """50,000 links next to as many files: comparing every pair would take minutes."""
    names = [f"{number}.txt" for number in range(50_000)]
    kept = {name: TextSource(name, None) for name in [*names, "sub.txt"]}
    gone = {name: TextSource(name, None) for name in ["sub/a/b.txt", "link"]}
    side = Side("new", files=kept | gone)
    unread = {
        name: SkippedFile("no text", "") for name in ["sub", "link", *(f"{n}.l" for n in names)]
    }

    side.leave(unread)

    assert (side.files, side.unread) == (kept, unread)
