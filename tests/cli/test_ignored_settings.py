"""Settings that the API does not have are named and, as in the API, count as nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Dscost

HELLO: dict[str, Any] = {
    "model": "deepseek-flash",
    "messages": [{"role": "user", "content": "Hello"}],
}
AT = ("--at", "2026-11-23T02:00Z")
LIMIT = 'the API ignores "max_completion_tokens"; it does not limit the output'


def ignored(report: dict[str, Any]) -> list[str]:
    found = report["assumptions"]
    return [one["value"] for one in found if one["about"] == "ignored_by_the_api"]


def written(path: Path, *bodies: dict[str, Any]) -> Path:
    path.write_text("\n".join(json.dumps(body) for body in bodies) + "\n")
    return path


@pytest.mark.parametrize(
    "command",
    [
        *(["estimate", *AT], ["count"], ["compare", *AT], ["cache", *AT]),
        ["chat", "--turns", "2", "--user-tokens", "5", "--answer-tokens", "5", *AT],
    ],
)
def test_a_limit_under_another_name_is_a_warning_and_changes_no_token(
    dscost: Dscost, tmp_path: Path, command: list[str]
) -> None:
    plain = written(tmp_path / "a.json", HELLO)
    limited = written(tmp_path / "b.json", HELLO | {"max_completion_tokens": 5})

    ran = dscost(*command, limited, "--json")

    without = json.loads(dscost(*command, plain, "--json").out)
    assert json.loads(ran.out)["warnings"] == [LIMIT, *without["warnings"]]
    assert LIMIT in dscost(*command, limited).err
    if command[0] == "estimate":
        of_each = [json.loads(ran.out), without]
        (limited_to, all_of_it) = (one["estimates"][0]["cost"]["ceiling"] for one in of_each)
        assert limited_to == all_of_it


def test_each_kind_of_ignored_setting_is_a_line(dscost: Dscost, tmp_path: Path) -> None:
    more = {"functions": [], "extra_body": {"thinking": {"type": "disabled"}}, "top_k": 5}
    body = written(tmp_path / "a.json", HELLO | {"max_completion_tokens": 5} | more)

    report = json.loads(dscost("estimate", body, "--json", *AT).out)

    assert report["warnings"] == [
        LIMIT,
        'the API ignores "functions"; functions are called only if they are in tools',
        (
            'the API ignores "extra_body"; Python\'s SDK puts what is in it into the body; '
            "in JSON, write that yourself"
        ),
    ]
    # Nobody expects this one to change the tokens or the price.
    assert ignored(report) == ['"top_k"']


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_of_a_batch_the_requests_are_counted_and_the_first_names_listed(
    dscost: Dscost, tmp_path: Path, jobs: str
) -> None:
    bodies = [HELLO | {"max_completion_tokens": 5} for _ in range(40)]
    bodies += [HELLO | {f"k{number}": 1} for number in range(20)]
    batch = written(tmp_path / "a.jsonl", *bodies)

    report = json.loads(dscost("estimate", batch, "--json", "--jobs", jobs, *AT).out)

    assert report["warnings"] == [
        'the API ignores "max_completion_tokens" (40 requests); it does not limit the output'
    ]
    assert ignored(report) == [
        '"k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7" and others (20 requests)'
    ]


def test_a_name_close_to_a_setting_that_counts_is_a_likely_typo(
    dscost: Dscost, tmp_path: Path
) -> None:
    body = written(tmp_path / "a.json", HELLO | {"max_tokens_": 5, "reasoning_efort": "max"})

    assert json.loads(dscost("estimate", body, "--json", *AT).out)["warnings"] == [
        'the API ignores "max_tokens_"; did you mean "max_tokens"?',
        'the API ignores "reasoning_efort"; did you mean "reasoning_effort"?',
    ]


def test_the_time_of_a_record_is_no_setting(dscost: Dscost, tmp_path: Path) -> None:
    batch = written(tmp_path / "a.jsonl", HELLO | {"timestamp": "2026-11-01T10:00:00Z"})

    for command in ("cache", "estimate"):
        assert json.loads(dscost(command, batch, "--json", *AT).out)["warnings"] == []


def test_names_are_quoted_cut_and_escaped(dscost: Dscost, tmp_path: Path) -> None:
    body = written(tmp_path / "a.json", HELLO | {"\x1b[31m\u202e": 1, "a" * 1_000: 2, '"\n': 3})

    ran = dscost("estimate", body, "--json", *AT)

    shown = f'"\\u001b[31m\\u202e", "{"a" * 40}…", "\\"\\n"'
    assert ignored(json.loads(ran.out)) == [shown]


OF_OTHERS: dict[str, dict[str, Any]] = {
    "user_id, seed": HELLO | {"user_id": "u", "seed": 1, "n": 1},
    "Messages": HELLO | {"max_tokens": 9, "system": "S", "metadata": {"user_id": "u"}},
    "Responses": {"model": "deepseek-flash", "input": "Hello", "max_output_tokens": 9},
    "a data set's row": {"prompt": "Hello", "label": 3},
}


@pytest.mark.parametrize("name", OF_OTHERS)
def test_settings_that_the_endpoint_has_are_no_warning(
    dscost: Dscost, tmp_path: Path, name: str
) -> None:
    ran = dscost("estimate", written(tmp_path / "a.jsonl", OF_OTHERS[name]), "--json")

    assert ran.code == 0
    assert "ignores" not in ran.out
