"""Counting text: equal to DeepSeek's tokenizer on each engine, however the text is split."""

import json
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate, chain, islice, product, repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from tokenizers import Tokenizer

from deepseek_cost import InputError
from deepseek_cost.tokenizer import default_counter, fast_counter, sparing_counter, vocabulary
from deepseek_cost.tokenizer.adaptive import SparingCounter
from deepseek_cost.tokenizer.gigatoken_engine import is_usable
from deepseek_cost.tokenizer.pretokenizer import grammar, last_safe_cut
from deepseek_cost.tokenizer.stream import StreamCounter
from deepseek_cost.tokenizer.tiktoken_engine import byte_pairs
from tests.hostile import FRAGMENTS, Hostile


@pytest.fixture(scope="session")
def reference() -> Tokenizer:
    """DeepSeek's own file in its own library, without added tokens, which text never produces."""
    document = json.loads(vocabulary.original_path().read_bytes())
    return Tokenizer.from_str(json.dumps(document | {"added_tokens": [], "post_processor": None}))


@pytest.fixture(scope="session", params=["tiktoken", "gigatoken"])
def counter(request: pytest.FixtureRequest) -> StreamCounter:
    """The counter with each engine."""
    if request.param == "tiktoken":
        return default_counter()
    if not is_usable():
        pytest.skip("gigatoken, of deepseek-cost[fast], is not installed")
    return fast_counter()


@pytest.fixture(scope="session")
def hasty(counter: StreamCounter) -> StreamCounter:
    """The same counter, with limits so low that a few characters make a long run or full window."""
    small = replace(byte_pairs(), window=48, overlap=24)
    return structs.replace(counter, longest_piece=24, byte_pairs=lambda: small)


def test_every_vocabulary_entry_is_split_as_the_reference_splits_it(
    counter: StreamCounter, reference: Tokenizer
) -> None:
    tokens = list(vocabulary.load_ranks())
    whole = [token.decode() for token in tokens if token.decode(errors="ignore").encode() == token]

    encoded = reference.encode_batch(whole, add_special_tokens=False)

    assert len(tokens) == 127_997
    assert [
        text for text, e in zip(whole, encoded, strict=True) if e.ids != ids(counter, text)
    ] == []


def test_an_entry_is_its_own_encoding_also_where_it_is_no_whole_character() -> None:
    ranks = vocabulary.load_ranks()

    assert [t for t, rank in ranks.items() if list(byte_pairs().encode(t)) != [rank]] == []
    assert [t for t, rank in ranks.items() if byte_pairs().lengths[rank] != len(t)] == []


@given(st.lists(st.text(max_size=300) | st.sampled_from([" " * 70_000, "a\n" * 40_000])))
@settings(max_examples=12, deadline=None)
def test_texts_counted_together_are_counted_as_each_alone(texts: list[str]) -> None:
    alone = [default_counter().count([text]) for text in texts]

    assert list(default_counter().count_each(texts)) == alone
    assert list(sparing(400).count_each(texts)) == alone


@pytest.mark.parametrize("seed", range(2))
def test_hostile_strings_are_split_as_the_reference_splits_them(
    counter: StreamCounter, hasty: StreamCounter, reference: Tokenizer, seed: int
) -> None:
    hostile = Hostile(seed)
    texts = [hostile.string() for _ in range(3_000)]

    for text, expected in zip(texts, reference.encode_batch(texts), strict=True):
        assert ids(counter, text) == expected.ids
        assert hasty.count(hostile.blocks(text)) == len(expected.ids), ascii(text)


@pytest.fixture(scope="session")
def characters(reference: Tokenizer) -> list[tuple[list[int], str]]:
    """Every assigned character alone and between others, 64 per text, as split by the reference."""
    codes = [*range(0xD800), *range(0xE000, 0x30000), *range(0xE0000, 0xE0200)]
    lines = [f"a{chr(code)}b {chr(code)}1{chr(code)}。 {chr(code)}\n" for code in codes]
    texts = ["".join(lines[begin : begin + 64]) for begin in range(0, len(lines), 64)]
    return [(e.ids, text) for e, text in zip(reference.encode_batch(texts), texts, strict=True)]


def test_every_character_alone_and_between_others_is_split_as_the_reference_splits_it(
    counter: StreamCounter, characters: list[tuple[list[int], str]]
) -> None:
    assert [ascii(text) for expected, text in characters if ids(counter, text) != expected] == []


@pytest.mark.parametrize(
    "unit", [" ", "\t", "\n", "a", "!", "7", "中", "\x01", "😀", " \n", "é", "aB"]
)
def test_a_megabyte_of_one_thing_is_counted_as_the_reference_counts_it(
    counter: StreamCounter, reference: Tokenizer, unit: str
) -> None:
    text = unit * (1_000_000 // len(unit.encode()))

    assert counter.count([text]) == len(reference.encode(text).ids)


@pytest.mark.parametrize(
    ("unit", "times", "tokens"),
    [
        (" ", 4_000_000, 4_000_000 // 128),  # the longest token of spaces has 128
        ("7", 4_000_000, -(-4_000_000 // 3)),  # three digits per token
        ("a", 4_000_000, 4_000_000 // 8),
    ],
)
def test_what_is_longer_than_any_buffer_is_counted_from_a_stream(
    counter: StreamCounter, unit: str, times: int, tokens: int
) -> None:
    block = unit * 250_000

    assert counter.count(islice(repeat(block), times // len(block))) == tokens


@given(st.lists(st.sampled_from(FRAGMENTS), min_size=2, max_size=12).map("".join))
@settings(max_examples=400, deadline=None)
def test_where_a_cut_is_safe_both_sides_are_split_as_if_alone(text: str) -> None:
    counter = default_counter()

    cut = last_safe_cut(text)

    assert ids(counter, text) == ids(counter, text[:cut]) + ids(counter, text[cut:])


@pytest.mark.parametrize("before", ["", "!" * 70_000, "\x01" * 300_000, " " * 300_000])
def test_a_lone_surrogate_is_refused(counter: StreamCounter, before: str) -> None:
    with pytest.raises(InputError, match=r"a lone surrogate, U\+D800"):
        counter.count([before + "\ud800"])


@pytest.mark.parametrize(
    "text",
    [
        " " * 120_000 + "a",
        "é" + "\u3000" * 80_000 + "é",
        "\n" * 70_000 + " " * 70_000 + "\n x",
        "!" + "\r\n" * 70_000 + "\t" * 70_000 + "1",
        "\x01" * 70_000 + "é",
        # assigned in versions of Unicode that are newer than tiktoken's engine
        " " + "\U0001faf9" * 70_000,
        "\u3000" * 70_000 + "\U00011de0",
        ("\u3000" * 2 + "\U00011de0") * 30_000,
        "\U000323b0" * 70_000 + "a",
    ],
    ids=ascii,
)
def test_a_long_run_and_its_end_are_split_as_the_reference_splits_them(
    counter: StreamCounter, reference: Tokenizer, text: str
) -> None:
    assert counter.count([text]) == len(reference.encode(text).ids)


def test_the_classes_of_runs_hold_what_tiktokens_engine_takes_them_to_hold(
    counter: StreamCounter,
) -> None:
    codes = [*range(0xD800), *range(0xE000, 0x110000)]
    text = "".join(f"{chr(code)} {chr(code)}b" for code in codes)

    pieces = [piece.group() for piece in grammar().piece.finditer(text)]

    split = chain.from_iterable(byte_pairs().encode(piece.encode()) for piece in pieces)
    assert list(split) == ids(counter, text)


@pytest.mark.parametrize("seed", range(2))
def test_an_encoder_of_what_a_text_can_need_splits_it_as_the_whole_one(
    counter: StreamCounter, seed: int
) -> None:
    hostile = Hostile(seed)

    for _ in range(150):
        text = hostile.string()
        assert sparing().count(hostile.blocks(text)) == len(ids(counter, text))


@given(st.lists(st.text(max_size=3_000), max_size=8))
@settings(max_examples=60, deadline=None)
def test_texts_one_after_the_other_are_counted_alike_short_or_long(texts: list[str]) -> None:
    few = sparing(4_000)

    for text in [text * 3 for text in texts if text.isprintable()]:
        assert few.count([text]) == default_counter().count([text])


def test_a_text_after_many_others_is_counted_all_the_same() -> None:
    few = sparing(10)

    assert [few.count([text]) for text in ("word " * 3, "word " * 3, "a")] == [4, 4, 1]


def test_short_texts_that_are_given_one_by_one_are_counted_as_those_given_together() -> None:
    texts = ["The tokens, 令牌.\n\n", "}}", '{"a": 1}', "", "tokens, tokens"]
    each = [default_counter().count([text]) for text in texts]

    one_by_one, together = sparing(), sparing()

    assert [one_by_one.count([text]) for text in texts] == each
    assert list(together.count_each(texts)) == each


def test_a_text_of_another_script_is_split_by_a_pattern_that_knows_it() -> None:
    few = sparing()

    assert few.count(["a  1"]) == 3
    # Spaces before a digit are one token, which a pattern for Latin texts alone does not see here;
    # this number has no token but its two bytes, so nothing else calls for another encoder.
    assert few.count(["  \u07c4"]) == 3
    assert default_counter().count(["  \u07c4"]) == 3


def test_a_text_that_needs_too_many_lookups_is_left_to_the_whole_encoder() -> None:
    index = vocabulary.load_index()

    # at every position, this many spaces have tokens of nearly every length up to 128
    assert not index.add_ranks_within(b" " * 1_024, index.single_bytes(), 32_768)
    assert sparing().count([" " * 1_024]) == 8  # the longest token has 128 spaces


def test_tokens_found_within_a_text_are_those_that_pairs_of_tokens_make() -> None:
    index, ranks = vocabulary.load_index(), vocabulary.load_ranks()
    text = "The tokens, 令牌, of a text".encode()
    parts = {text[i:j] for i in range(len(text)) for j in range(i + 1, len(text) + 1)}
    # a token that is not a pair of tokens can never result from merging
    pairs = {
        part
        for part in parts
        if part in ranks
        and any(part[:cut] in ranks and part[cut:] in ranks for cut in range(1, len(part)))
    }

    found = index.single_bytes()
    assert index.add_ranks_within(text, found, 10_000)

    assert {part for part in found if len(part) > 1} == pairs
    assert found.items() <= ranks.items()


def test_no_piece_has_both_sides_of_where_a_text_is_cut_to_look_for_its_tokens() -> None:
    every = [*map(chr, range(0x80)), *"\x85\xa0é\u0301令、。\u200b\u3000"]
    cuts = 0
    for before, after in product(every, repeat=2):
        text = f"a1,{before}{after}b2 "
        ends = set(accumulate(len(one.group().encode()) for one in grammar().piece.finditer(text)))
        parts = vocabulary.CUT.split(text.encode())
        assert ends.issuperset(accumulate(map(len, parts[:-1]))), (text, parts)
        cuts += len(parts) - 1

    assert cuts > len(every) ** 2  # it does cut


def test_a_lone_surrogate_is_refused_by_the_sparing_counter_too() -> None:
    with pytest.raises(InputError, match=r"a lone surrogate, U\+D800"):
        sparing_counter().count(["a\ud800"])


def test_texts_that_come_one_by_one_have_few_encoders_of_their_own() -> None:
    counted: list[str] = []

    class Beyond:
        def count(self, blocks: Iterable[str]) -> int:
            counted.append("".join(blocks))
            return default_counter().count(counted[-1:])

        def count_each(self, texts: Sequence[str]) -> Sequence[int]:
            counted.extend(texts)
            return default_counter().count_each(texts)

    words = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"]
    few = SparingCounter(vocabulary.load_index(), Beyond)

    assert [few.count([word]) for word in words] == list(default_counter().count_each(words))
    assert counted == words[6:]  # six encoders, then the whole vocabulary


def test_no_text_has_no_tokens(counter: StreamCounter) -> None:
    assert counter.count([]) == counter.count(["", ""]) == 0


def ids(counter: StreamCounter, text: str) -> list[int]:
    """Return the token ids of a text encoded in one piece, without the handling of long runs."""
    return array("I", counter.engine.ids(text)).tolist()


def sparing(characters: int = 8_192) -> SparingCounter:
    return SparingCounter(vocabulary.load_index(), default_counter, characters)
