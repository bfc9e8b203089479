"""Token counts of bodies: equal to DeepSeek's own code, to recorded bills, and to their parts."""

import json
import re
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepseek_cost.errors import InputError
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.entries import Template
from deepseek_cost.prompt.body import count_body
from deepseek_cost.prompt.breakdown import Breakdown, RequestTokens, ToolTokens
from deepseek_cost.prompt.responses import read_responses
from deepseek_cost.prompt.segments import SegmentCounter
from deepseek_cost.tokenizer.stream import StreamCounter
from tests.bodies import MAKERS, Bodies
from tests.hostile import FRAGMENTS
from tests.pictures import png
from tests.reference import Compared, Differential, request

MODELS = {Template.V4: "deepseek-v4-pro", Template.V4_1: "deepseek-flash"}


@pytest.fixture(scope="module")
def differential() -> Differential:
    return Differential()


class Count:
    """Counts bodies for both models with a shared cache, as a batch does."""

    def __init__(self, book: PriceBook, counter: StreamCounter) -> None:
        self.book = book
        self.counter = SegmentCounter(counter)

    def __call__(
        self, body: dict[str, Any], model: str = "deepseek-v4-pro", kind: Kind = Kind.CHAT
    ) -> RequestTokens:
        return count_body(request(body, kind), self.book.find(model), self.counter)


@pytest.fixture(scope="module")
def counted(book: PriceBook, counter: StreamCounter) -> Count:
    return Count(book, counter)


@pytest.mark.parametrize("name", MAKERS)
def test_a_body_has_the_tokens_of_deepseeks_own_code_and_is_refused_as_there(
    differential: Differential, name: str
) -> None:
    kind, make = MAKERS[name]
    bodies = Bodies(seed=7)
    for _ in range(60):
        body = make(bodies)

        for found in differential.compare(kind, body).values():
            assert not found.difference, (found.difference, json.dumps(body))


texts = st.lists(st.sampled_from(FRAGMENTS), max_size=6).map("".join)
user = st.fixed_dictionaries({"role": st.just("user"), "content": texts})
system = st.fixed_dictionaries({"role": st.just("system"), "content": texts})
response = st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": texts}, optional={"reasoning_content": texts}
)
tool = st.fixed_dictionaries(
    {
        "type": st.just("function"),
        "function": st.fixed_dictionaries(
            {"name": st.just("f")},
            optional={"description": texts, "parameters": st.just({"type": "object"})},
        ),
    }
)
chats = st.fixed_dictionaries(
    {
        "model": st.just("m"),
        "messages": st.lists(st.one_of(user, system, response), min_size=1, max_size=5),
    },
    optional={
        "tools": st.lists(tool, max_size=1),
        "thinking": st.fixed_dictionaries({"type": st.sampled_from(["enabled", "disabled"])}),
        "reasoning_effort": st.sampled_from(["none", "low", "high", "max", "no effort"]),
        "tool_choice": st.sampled_from(["auto", "none", "required", None]),
    },
)


@given(body=chats)
@settings(max_examples=60, deadline=None)
def test_a_made_up_conversation_has_the_tokens_of_deepseeks_own_code(
    differential: Differential, body: dict[str, Any]
) -> None:
    for found in differential.compare(Kind.CHAT, body).values():
        assert found.difference == ""


urls = st.sampled_from(["https://x.test/a.png", "https://x.test/b.png"])
named = st.fixed_dictionaries({"type": st.just("text"), "text": texts})
image = st.fixed_dictionaries(
    {
        "type": st.just("image"),
        "source": st.fixed_dictionaries({"type": st.just("url"), "url": urls}),
    }
)
ids = st.sampled_from(["a", "b"])
result = st.fixed_dictionaries(
    {"type": st.just("tool_result"), "tool_use_id": ids}, optional={"content": texts}
)
use = st.fixed_dictionaries(
    {
        "type": st.just("tool_use"),
        "id": ids,
        "name": st.just("f"),
        "input": st.dictionaries(texts, texts, max_size=2),
    }
)
thought = st.fixed_dictionaries({"type": st.just("thinking"), "thinking": texts})


def message(role: str, *blocks: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    content = st.one_of(texts, st.lists(st.one_of(*blocks), max_size=3))
    return st.fixed_dictionaries({"role": st.just(role), "content": content})


turn = st.one_of(
    message("user", named, image).map(lambda user: [user]),
    message("system", named, image, result).map(lambda system: [system]),
    st.tuples(
        message("assistant", named, thought, use), message("user", result, result, named)
    ).map(list),
)
messages_bodies = st.fixed_dictionaries(
    {
        "model": st.just("m"),
        "max_tokens": st.just(9),
        "messages": st.lists(turn, min_size=1, max_size=4).map(lambda turns: [*chain(*turns)]),
    },
    optional={
        "system": texts,
        "thinking": st.fixed_dictionaries({"type": st.sampled_from(["enabled", "disabled"])}),
        "tools": st.just([{"name": "f", "input_schema": {"type": "object"}}]),
    },
)


@given(body=messages_bodies)
@settings(max_examples=60, deadline=None)
def test_a_made_up_messages_body_has_the_tokens_of_deepseeks_own_code(
    differential: Differential, body: dict[str, Any]
) -> None:
    for found in differential.compare(Kind.MESSAGES, body).values():
        assert found.difference == ""


call = st.fixed_dictionaries(
    {"type": st.just("function_call"), "call_id": ids, "name": st.just("f")},
    optional={"arguments": st.sampled_from(["{}", '{"a": 1}', "{"])},
)
output = st.fixed_dictionaries(
    {"type": st.just("function_call_output"), "call_id": ids, "output": texts}
)
called = st.tuples(call, output).map(list)
summary = st.lists(
    st.fixed_dictionaries({"type": st.just("summary_text"), "text": texts}), max_size=1
)
thoughts = st.lists(
    st.fixed_dictionaries({"type": st.just("reasoning_text"), "text": texts}), max_size=2
)
reasoning = st.fixed_dictionaries(
    {"type": st.just("reasoning"), "summary": summary}, optional={"content": thoughts}
)
item = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["user", "assistant", "system", "developer"]),
        "content": st.one_of(
            texts,
            st.lists(
                st.fixed_dictionaries(
                    {"type": st.sampled_from(["input_text", "output_text"]), "text": texts}
                ),
                max_size=2,
            ),
        ),
    }
)
responses_bodies = st.fixed_dictionaries(
    {
        "model": st.just("m"),
        "input": st.lists(
            st.one_of(st.one_of(item, reasoning, call, output).map(lambda one: [one]), called),
            min_size=1,
            max_size=5,
        ).map(lambda items: [*chain(*items)]),
    },
    optional={
        "instructions": texts,
        "reasoning": st.fixed_dictionaries({"effort": st.sampled_from(["none", "low", "max"])}),
        "tools": st.just([{"type": "function", "name": "f", "parameters": {"type": "object"}}]),
    },
)


@given(body=responses_bodies)
@settings(max_examples=60, deadline=None)
def test_a_made_up_responses_body_has_the_tokens_of_deepseeks_own_code(
    differential: Differential, body: dict[str, Any]
) -> None:
    for found in differential.compare(Kind.RESPONSES, body).values():
        assert found.difference == ""


FOUND = {"type": "tool_result", "tool_use_id": "1", "content": "a"}
ALSO_FOUND = FOUND | {"tool_use_id": "2"}
TEXT = {"type": "text", "text": "a"}
USES: list[dict[str, Any]] = [
    {"type": "tool_use", "id": number, "name": "f", "input": {}} for number in ("2", "1")
]


@pytest.mark.parametrize(
    ("after", "place", "reason"),
    [
        ([], "messages[1]", "messages.1:`tool_use` ids were found * after: 1, 2. "),
        (["a"], "messages[1]", "messages.2: `tool_use` ids were found * after: 1, 2. "),
        ([[FOUND]], "messages[1]", "messages.1:`tool_use` ids were found * after: 2. "),
        ([[FOUND], [ALSO_FOUND]], "messages[1]", "messages.1:`tool_use` ids * after: 2. "),
        (
            [[FOUND, TEXT, ALSO_FOUND]],
            "messages[2].content[1]",
            "messages.2: `tool_use` ids were found * after: 2. ",
        ),
        (
            [[FOUND, FOUND]],
            "messages[2].content[1]",
            "messages.2.content.1: each tool_use must have a single result",
        ),
    ],
)
def test_calls_whose_results_do_not_come_first_are_refused_as_by_deepseeks_own_code(
    differential: Differential, after: list[Any], place: str, reason: str
) -> None:
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": USES}]
    messages += [{"role": "user", "content": content} for content in after]
    body = {"model": "m", "max_tokens": 9, "messages": messages}

    theirs = differential.theirs(Kind.MESSAGES, body)
    ours = differential.ours(Kind.MESSAGES, body)

    beginning, _, end = reason.partition("*")
    for template, refusal in ours.items():
        assert refusal == f"{place}: {theirs[template]!s}"
        assert str(theirs[template]).startswith(beginning)
        assert end in str(theirs[template])


def test_an_image_in_a_system_message_is_rendered_as_by_deepseeks_own_code(
    differential: Differential,
) -> None:
    seen = {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}}
    messages = [{"role": "user", "content": "a"}, {"role": "system", "content": [TEXT, seen]}]
    body = {"model": "m", "max_tokens": 9, "messages": messages}

    for found in differential.compare(Kind.MESSAGES, body).values():
        assert found == Compared()


def test_v4_leaves_out_empty_blocks_of_a_users_message_and_v41_keeps_them(counted: Count) -> None:
    blocks = [{"type": "text", "text": ""}, {"type": "text", "text": "x"}]
    body = {"model": "m", "max_tokens": 9, "thinking": {"type": "disabled"}}
    body |= {"messages": [{"role": "user", "content": blocks}]}

    v4 = counted(body, kind=Kind.MESSAGES)
    v41 = counted(body, "deepseek-flash", kind=Kind.MESSAGES)

    assert v4.parts.input == 5  # begin, user, x, assistant, end of thinking
    assert v41.parts.input == 6  # and an empty line before x


def test_reasoning_without_a_text_neither_ends_a_turn_of_responses_nor_begins_one(
    differential: Differential,
) -> None:
    nothing = {"type": "reasoning", "summary": [], "content": []}
    thought = {"type": "reasoning", "summary": [], "content": [{"type": "x", "text": "r"}]}
    reported = {"role": "assistant", "content": "x"}

    def replies(*items: dict[str, Any]) -> list[tuple[object, str | None]]:
        body = {"model": "m", "input": list(items)}
        for found in differential.compare(Kind.RESPONSES, body).values():
            assert found == Compared()
        return [(one.content, one.reasoning) for one in read_responses(body).messages]

    assert replies(nothing) == []
    assert replies(reported, nothing, reported) == [("x\n\nx", "")]
    assert replies(reported, thought, reported) == [("x", None), ("x", "r")]
    assert replies(reported | {"content": ""}, thought) == [("", "r")]


@pytest.mark.parametrize(
    "address", ["", "https:x", "HTTP://x", "http://[", "ftp://x/a", "data:image/png"]
)
def test_an_address_of_an_image_is_refused_as_by_deepseeks_own_code(
    differential: Differential, address: str
) -> None:
    user: dict[str, Any] = {"role": "user"}
    block: dict[str, Any] = {"type": "image", "source": {"type": "url", "url": address}}
    messages: dict[str, Any] = {"max_tokens": 9, "messages": [user | {"content": [block]}]}
    block = {"type": "image_url", "image_url": {"url": address}}
    chat = {"messages": [user | {"content": [block]}]}
    responses = {"input": [user | {"content": [{"type": "input_image", "image_url": address}]}]}
    bodies: dict[Kind, dict[str, Any]] = {
        Kind.MESSAGES: messages,
        Kind.CHAT: chat,
        Kind.RESPONSES: responses,
    }

    for kind, body in bodies.items():
        for found in differential.compare(kind, {"model": "m"} | body).values():
            assert not found.difference
            assert not found.unknown


def test_an_object_inside_a_tagged_one_may_have_the_number_of_its_kind(
    differential: Differential,
) -> None:
    source = {"type": 1, "url": "https://x.test/a.png"}
    user = {"role": "user", "content": [{"type": "image", "source": source}]}
    inner = {"type": 0, "name": "f", "parameters": {"type": "object"}}
    space = {"type": "namespace", "name": "n", "tools": [inner]}

    messages = {"model": "m", "max_tokens": 9, "messages": [user]}
    responses = {"model": "m", "input": "a", "tools": [space]}

    for kind, body in ((Kind.MESSAGES, messages), (Kind.RESPONSES, responses)):
        assert set(differential.compare(kind, body).values()) == {Compared()}


@pytest.mark.parametrize("image", [{}, {"image_url": "https://x.test/a.png", "file_id": "1"}])
def test_an_image_of_responses_has_an_address_or_an_id_and_not_both(
    differential: Differential, image: dict[str, str]
) -> None:
    item = {"role": "user", "content": [{"type": "input_image", **image}]}

    found = differential.compare(Kind.RESPONSES, {"model": "m", "input": [item]})

    assert found == {Template.V4: Compared(), Template.V4_1: Compared(refused=True)}


REFUSED: dict[str, dict[str, Any]] = {
    "messages[1].role": {"messages": [{"role": "user", "content": "a"}, {"role": "x"}]},
    "messages[0].content[1].text": {
        "messages": [
            {
                "role": "user",
                "content": [{"type": "text", "text": "a"}, {"type": "text", "text": 1}],
            }
        ]
    },
    "tools[0].function.name": {
        "messages": [{"role": "user", "content": "a"}],
        "tools": [{"type": "function", "function": {"name": "a b"}}],
    },
    "thinking.type": {"messages": [{"role": "user", "content": "a"}], "thinking": {"type": "x"}},
}


@pytest.mark.parametrize("place", REFUSED)
def test_a_refusal_names_its_place(counted: Count, place: str) -> None:
    with pytest.raises(InputError, match=f"the API refuses it: {re.escape(place)}: "):
        counted({"model": "m"} | REFUSED[place])


def test_bodies_have_the_tokens_that_the_api_billed(
    bills: Path, book: PriceBook, counter: StreamCounter
) -> None:
    compared = 0
    for line in bills.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        exact = case["sent_order"] and case["residual"] == 0
        if case["template"] not in ("v4", "v4.1") or not exact:
            continue
        kind = Kind.RESPONSES if case["endpoint"] == "responses" else Kind.CHAT
        thinking = {"deepseek-chat": False, "deepseek-reasoner": True}.get(case["request"]["model"])
        model = book.find(MODELS[Template(case["template"])])

        made = request(case["request"], kind)
        tokens = count_body(made, model, SegmentCounter(counter), thinking=thinking)

        usage = case["usage"]
        billed = usage.get("prompt_tokens", usage.get("input_tokens"))
        assert tokens.parts.input == billed, case["id"]
        assert tokens.refused is None
        compared += 1
    assert compared >= 100


CALLED = {
    "model": "deepseek-v4-pro",
    "messages": [
        {"role": "system", "content": "You are terse."},
        {"role": "user", "content": "Hello"},
        {
            "role": "assistant",
            "content": "Hello",
            "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "tool_call_id": "1", "content": "Hello"},
        {"role": "user", "content": "Hello, world!"},
    ],
    "tools": [
        {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}},
        {"type": "function", "function": {"name": "g", "parameters": {"type": "object"}}},
    ],
    "thinking": {"type": "disabled"},
}


def test_the_parts_are_system_tools_history_user_and_template(
    counted: Count, counter: StreamCounter
) -> None:
    parts = counted(CALLED).parts

    line = counter.count(['{"name": "f", "description": "", "parameters": {"type": "object"}}'])
    assert parts.system == 5  # You| are| ters|e|.
    assert {name: tool.tokens for name, tool in parts.tools.items()} == {"f": line, "g": line}
    assert parts.history["user"] == 1
    assert parts.history["tool"] == 1
    assert parts.history["assistant"] > 10  # Hello, and the call with its markup
    assert parts.user == 4  # Hello|,| world|!


def test_tool_choice_none_removes_the_tools(counted: Count) -> None:
    with_tools = counted(CALLED).parts
    without = counted(CALLED | {"tool_choice": "none"}).parts

    assert not without.tools
    assert with_tools.template - without.template > 200


def test_parts_that_join_to_less_are_cut_and_still_add_up(counted: Count) -> None:
    messages = [{"role": "system", "content": "\n"} for _ in range(400)]
    body = {"model": "m", "messages": [*messages, {"role": "user", "content": "x"}]}

    for model in MODELS.values():
        parts = counted(body | {"thinking": {"type": "disabled"}}, model).parts

        assert min(parts.system, parts.user, parts.template) >= 0
        assert parts.text + parts.template == parts.input


def test_breakdowns_add_up_in_any_order(counted: Count) -> None:
    bodies = Bodies(seed=3)
    found = [counted(bodies.results()).parts for _ in range(30)]

    forwards, backwards = sum(found, Breakdown()), sum(reversed(found), Breakdown())

    assert forwards == backwards
    assert forwards.input == sum(parts.input for parts in found)
    assert forwards.times(3).input == 3 * forwards.input


def test_a_batch_that_makes_up_tools_keeps_its_memory() -> None:
    whole = Breakdown()
    for number in range(5_000):
        whole += Breakdown(tools={f"t{number}": ToolTokens(1, 2)})

    assert len(whole.tools) <= 1_001
    assert whole.input == 10_000


def shown(url: str, **more: object) -> dict[str, Any]:
    image = {"type": "image_url", "image_url": {"url": url, **more}}
    content = [{"type": "text", "text": "Hello"}, image]
    return {"model": "deepseek-flash", "messages": [{"role": "user", "content": content}]}


def test_a_local_image_is_measured_and_one_behind_an_address_is_unknown(
    counted: Count, tmp_path: Path
) -> None:
    (tmp_path / "a b.png").write_bytes(png(1000, 1000))

    local = counted(shown(str(tmp_path / "a b.png")), "deepseek-flash")
    linked = counted(shown((tmp_path / "a b.png").as_uri()), "deepseek-flash")
    remote = counted(shown("https://example.com/a.png"), "deepseek-flash")

    assert (local.parts.images, local.unknown_images) == (602, 0)
    assert linked == local
    assert (remote.parts.images, remote.unknown_images) == (184, 1)
    assert local.parts.input - remote.parts.input == 602 - 184


def test_an_image_behind_a_file_id_is_accepted_and_unknown(counted: Count) -> None:
    image = {"type": "input_image", "file_id": "file-1"}
    body = {"model": "deepseek-flash", "input": [{"role": "user", "content": [image]}]}

    tokens = counted(body, "deepseek-flash", Kind.RESPONSES)

    assert (tokens.parts.images, tokens.unknown_images) == (184, 1)
    assert tokens.refused is None


def test_pro_has_a_line_of_text_for_an_image(counted: Count) -> None:
    tokens = counted(shown("https://example.com/a.png"), "deepseek-v4-pro")

    assert (tokens.parts.images, tokens.unknown_images) == (0, 0)


def chat(**more: object) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": "Hello"}], **more}


@pytest.mark.parametrize(
    ("more", "maximum", "reason"),
    [
        ({}, 65_536, None),
        ({"max_tokens": 100}, 100, None),
        ({"max_completion_tokens": 100}, 65_536, None),  # not a parameter of this API
        ({"reasoning_effort": "max"}, 131_072, None),
        ({"thinking": {"type": "disabled"}}, 8_192, None),
        ({"max_tokens": 393_217}, 393_216, "Invalid max_tokens value"),
        ({"n": 2}, 65_536, "Invalid n value"),
        ({"temperature": 7}, 65_536, "Invalid temperature value"),
        ({"response_format": {"type": "json_object"}}, 65_536, "must contain the word 'json'"),
    ],
)
def test_a_body_has_its_own_maximum_and_what_is_refused_is_counted(
    counted: Count, more: dict[str, Any], maximum: int, reason: str | None
) -> None:
    tokens = counted(chat(**more))

    assert tokens.output_ceiling == maximum
    assert (reason or "") in (tokens.refused or "")
    assert (tokens.refused is None) == (reason is None)
    if more.get("reasoning_effort") is None and "thinking" not in more:
        assert tokens.parts.input == 84


def test_input_and_output_beyond_the_context_are_refused(counted: Count) -> None:
    long = chat(max_tokens=2_000) | {"messages": [{"role": "user", "content": " a" * 998_500}]}

    tokens = counted(long)

    assert tokens.parts.input > 998_000
    assert "maximum context length is 1000000 tokens" in (tokens.refused or "")
    assert tokens.output_ceiling < 2_000


def test_a_prefix_is_counted_exactly_and_a_fim_body_by_its_layout(counted: Count) -> None:
    fim = {"model": "m", "prompt": "Hello", "suffix": "Hello, world!", "max_tokens": 7}

    tokens = counted(fim, kind=Kind.FIM)

    assert tokens.parts.input == 1 + 4 + 4
    assert tokens.output_ceiling == 7
