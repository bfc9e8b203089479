"""The two engines: same tokens, chosen by size, refused if they cannot be proven equal."""

import json
import unicodedata
from array import array
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import cache
from importlib import metadata
from itertools import repeat
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tiktoken import Encoding
from tokenizers import Tokenizer

from deepseek_cost.errors import EngineError, InputError
from deepseek_cost.tokenizer import (
    counter_on,
    default_counter,
    fast_counter,
    gigatoken_engine,
    sparing_counter,
    vocabulary,
)
from deepseek_cost.tokenizer.adaptive import Growing
from deepseek_cost.tokenizer.base import EngineName, TextCounter
from deepseek_cost.tokenizer.gigatoken_engine import LATER, Gigatoken, has_later, is_usable
from deepseek_cost.tokenizer.pattern import (
    CJK,
    CJK_GAPS,
    CJK_MARKS,
    LATIN_PATTERN,
    PATTERN,
    is_latin,
    is_plain,
)
from deepseek_cost.tokenizer.pretokenizer import grammar
from deepseek_cost.tokenizer.stream import StreamCounter
from deepseek_cost.tokenizer.tiktoken_engine import (
    Tiktoken,
    byte_pairs,
    encoding_of,
    tiktoken_engine,
)
from tests.hostile import FRAGMENTS, Hostile

needs_gigatoken = pytest.mark.skipif(
    not is_usable(), reason="gigatoken, of deepseek-cost[fast], is not installed"
)
both = pytest.mark.parametrize(
    "engine", [EngineName.TIKTOKEN, pytest.param(EngineName.GIGATOKEN, marks=needs_gigatoken)]
)
_texts = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=4), max_size=40).map("".join)


@pytest.mark.parametrize("seed", range(2))
def test_hostile_strings_have_the_pieces_that_the_reference_makes(seed: int) -> None:
    document = json.loads(vocabulary.original_path().read_bytes())
    reference = Tokenizer.from_str(json.dumps(document | {"added_tokens": []}))
    hostile = Hostile(seed)

    for text in (hostile.string() for _ in range(2_000)):
        expected = reference.pre_tokenizer.pre_tokenize_str(text)
        assert [piece.span() for piece in grammar().piece.finditer(text)] == [
            span for _, span in expected
        ], ascii(text)


def test_kana_marks_and_gaps_are_what_unicode_takes_for_no_letters() -> None:
    kana = map(chr, range(0x3040, 0x3100))
    categories = {character: unicodedata.category(character)[0] for character in kana}

    assert "".join(c for c, category in categories.items() if category in "PS") == CJK_MARKS
    assert "".join(c for c, category in categories.items() if category == "C") == CJK_GAPS
    assert set(categories.values()) == {"L", "M", "P", "S", "C"}
    assert CJK.endswith("\u3040-\u30ff")


@both
@given(text=_texts, sizes=st.lists(st.integers(1, 30), min_size=1))
@settings(max_examples=150, deadline=None)
def test_a_text_in_blocks_of_any_size_counts_as_the_whole_text(
    engine: EngineName, text: str, sizes: list[int]
) -> None:
    counter = counter_on(engine)
    assert isinstance(counter, StreamCounter)
    always_cut = StreamCounter(counter.engine, byte_pairs, longest_piece=8)

    whole = len(tiktoken_engine().encoding.encode_ordinary(text))

    assert always_cut.count(_blocks(text, sizes)) == whole
    assert counter.count(_blocks(text, sizes)) == whole
    assert list(counter.count_each([text, text])) == [whole, whole]
    assert counter.ids(text) == tiktoken_engine().ids(text)


@both
def test_text_of_many_chunks_is_counted_on_threads_as_in_one_piece(engine: EngineName) -> None:
    random = Random(5)  # noqa: S311 - no secret
    words = ("tokens", " and", "\n", " 中文", "12345", "!!", " …", "\t", "é", " 🪐", "フ゛")
    text = "".join(random.choices(words, k=600_000))

    whole = len(tiktoken_engine().encoding.encode_ordinary(text))

    assert len(text) > 4 * 262_144
    assert counter_on(engine).count([text]) == whole


@both
@pytest.mark.parametrize("chunks", [0, 3])
def test_a_lone_surrogate_in_any_chunk_is_refused(engine: EngineName, chunks: int) -> None:
    text = ["word " * 60_000] * chunks + ["a\udfffb"]

    for count in (counter_on(engine).count, counter_on(engine).count_each):
        with pytest.raises(InputError, match=r"a lone surrogate, U\+DFFF"):
            count(text)


@both
def test_an_interrupt_reports_what_was_counted_before_it(engine: EngineName) -> None:
    def interrupted() -> Iterator[str]:
        yield from repeat("word " * 60_000, 100)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        counter_on(engine).count(interrupted())

    (note,) = caught.value.__notes__
    counted = int(note.removesuffix(" tokens counted so far").replace(",", ""))
    assert 0 < counted <= 100 * 60_000


@given(text=_texts)
@settings(max_examples=300, deadline=None)
def test_a_plain_text_has_the_same_tokens_without_looking_ahead(text: str) -> None:
    printable = "".join(mark for mark in text if mark in "\n\r" or mark.isprintable())
    texts = [text, printable.replace("  ", " ")]  # few texts of the first kind are plain

    whole = [tiktoken_engine().encoding.encode_ordinary(one) for one in texts]

    assert _eager().count_each(texts) == list(map(len, whole))
    assert [array("I", _eager().ids(one)).tolist() for one in texts] == whole


@cache
def _eager() -> Tiktoken:
    return Tiktoken(vocabulary.load_ranks(), plain_after=-(10**9))


def test_an_encoder_of_plain_texts_is_made_only_where_these_prevail() -> None:
    prevailing = Tiktoken(vocabulary.load_ranks(), plain_after=10)
    prevailing.count_each(["plain text\n" * 2, "a\tb", "more plain text"])  # 22 against 3
    outnumbered = Tiktoken(vocabulary.load_ranks(), plain_after=10)
    outnumbered.count_each(["plain text\n" * 2, "a\tb" * 30, "more plain text"])

    assert prevailing._of_thread.plain is not None
    assert outnumbered._of_thread.plain is None


def test_texts_whose_split_needs_looking_ahead_are_not_plain() -> None:
    assert not any(map(is_plain, ("a  b", "a\tb", "a\xa0b", "\x01a", "\u200db", "\u3040の")))
    assert all(map(is_plain, ("", "a b\r\n\n c", "1234 5.", "\n \n x")))


_LATIN = [mark for mark in map(chr, range(0x2700)) if is_latin(mark)]


def test_latin_letters_punctuation_and_symbols_are_latin_and_nothing_that_joins_them() -> None:
    assert all(map(is_latin, ("", "a b\t\x01", "Zürich · 10 × ½ – “…” → €", "Łódź ─ ☃")))
    assert not any(map(is_latin, ("日本", "мир", "e\u0301", "a\u200bb", "a\u2028b", "\xad", "🪐")))
    assert {unicodedata.category(mark) for mark in _LATIN} == {
        *("Lu", "Ll", "Lt", "Lo", "Nd", "No", "Zs", "Cc"),
        *("Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"),
    }


def test_each_latin_character_is_split_alike_among_all_others() -> None:
    for mark in _LATIN:
        text = "".join(f"{other}{mark}{mark}{other} {mark}" for other in "a1!\n\x01 \té·½")

        assert _latin().encode_ordinary(text) == _whole().encode_ordinary(text), ascii(mark)


@given(text=st.text(st.sampled_from([*_LATIN, *"a1! \n\t\r" * 100]), max_size=60))
@settings(max_examples=300, deadline=None)
def test_a_latin_text_is_split_alike_by_the_pattern_of_latin_characters(text: str) -> None:
    assert _latin().encode_ordinary(text) == _whole().encode_ordinary(text)


@cache
def _latin() -> Encoding:
    return encoding_of(vocabulary.load_ranks(), LATIN_PATTERN)


@cache
def _whole() -> Encoding:
    return encoding_of(vocabulary.load_ranks(), PATTERN)


def test_special_tokens_and_what_tiktoken_is_made_to_look_for_are_plain_text() -> None:
    ranks = vocabulary.load_ranks()
    plain = Encoding("plain", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={})

    for text in ("\ufdd0\ufdd1\ufdd0", "a\ufdd0\ufdd1\ufdd0b", "<｜User｜>", "<｜image｜>"):
        ids = default_counter().ids(text)
        assert len(ids) // 4 == len(plain.encode_ordinary(text)) > 1


@needs_gigatoken
def test_characters_that_gigatoken_takes_for_others_are_those_that_are_kept_from_it(
    tmp_path: Path,
) -> None:
    # A vocabulary in which a character merges with the one before it if both are in one piece.
    befores = ("a", "1", "!", "\x01", "\u3041", "\u30fb", "\u3040")
    ranks = {bytes([byte]): byte for byte in range(0x100)}
    for before in befores:
        for first in (*range(0x80), *range(0xC2, 0xF5)):
            ranks.setdefault(before.encode()[-1:] + bytes([first]), len(ranks))
    path = tmp_path / "ranks"
    lines = (b"%b %d\n" % (b64encode(token), rank) for token, rank in ranks.items())
    path.write_bytes(b"".join(lines))
    from gigatoken import Tokenizer as Fast  # noqa: PLC0415 - may not be installed

    fast = Fast.from_tiktoken(path, pretokenizer="deepseek_v3", special_tokens={})
    engine = Encoding("pairs", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={})

    def differ(codes: list[int]) -> bool:
        texts = ["".join(f"{before}{chr(code)}\n" for code in codes) for before in befores]
        return any(engine.encode_ordinary(text) != fast.encode(text).tolist() for text in texts)

    codes = [*range(0xD800), *range(0xE000, 0x34000), *range(0xE0000, 0xE1000)]
    blocks = [codes[begin : begin + 0x100] for begin in range(0, len(codes), 0x100)]
    differing = {code for block in blocks if differ(block) for code in block if differ([code])}

    later = {code for low, high in LATER for code in range(low, high + 1)}
    assert differing == later


def test_a_character_that_gigatoken_takes_for_another_is_found_anywhere() -> None:
    later = [chr(code) for low, high in LATER for code in range(low, high + 1)]
    others = [chr(low - 1) for low, _ in LATER if chr(low - 1) not in later]

    assert len(later) == 4_803  # the number of characters added in Unicode 17.0
    assert all(has_later(f"a 中 😀 {character}。".encode()) for character in later)
    assert not any(has_later(f"a 中 😀 {character}。".encode()) for character in others)
    assert not has_later("Zürich, “New York”, 東京、Đà Nẵng, 🚀🫡, ﷺ".encode())


@needs_gigatoken
def test_an_encoder_that_has_grown_is_replaced_and_counts_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = iter(range(0, 10**12, 1_000))
    monkeypatch.setattr(gigatoken_engine, "_memory", lambda: next(held))
    engine = Gigatoken(tiktoken_engine, most_growth=500, least_bytes=100)
    first = engine.tokenizer

    tokens = [engine.count_each(["word " * 60])[0] for _ in range(3)]

    assert tokens == [61, 61, 61]
    assert engine.tokenizer is not first


def _without_the_last(tokens: list[bytes]) -> list[bytes]:
    return tokens[:-1]


def _with_the_last_two_exchanged(tokens: list[bytes]) -> list[bytes]:
    return [*tokens[:-2], tokens[-1], tokens[-2]]


@needs_gigatoken
@pytest.mark.parametrize("changed", [_without_the_last, _with_the_last_two_exchanged])
def test_a_vocabulary_that_comes_out_as_another_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, changed: Callable[[list[bytes]], list[bytes]]
) -> None:
    def lines(index: vocabulary.Index) -> Iterator[bytes]:
        tokens = enumerate(changed(list(index.spelt())))
        return (b"%b %d\n" % (b64encode(token), rank) for rank, token in tokens)

    monkeypatch.setattr(gigatoken_engine, "_lines", lines)

    with pytest.raises(EngineError, match="another vocabulary than DeepSeek's"):
        Gigatoken(tiktoken_engine)


@needs_gigatoken
def test_a_vocabulary_whose_tokens_end_elsewhere_is_another_one() -> None:
    tokenizer = gigatoken_engine.gigatoken_engine().tokenizer
    index = vocabulary.load_index()
    ends = list(index.ends)
    ends[-2] -= 1  # the last token begins with the end of the one before

    assert gigatoken_engine._is_ours(tokenizer, index)
    assert not gigatoken_engine._is_ours(tokenizer, replace(index, ends=ends))


@pytest.mark.parametrize(
    ("version", "reported"),
    [
        (None, r"gigatoken is not installed; .* pip install '\.\[fast\]'"),
        ("0.11.0", r"gigatoken 0\.11\.0 was not compared .* pip install '\.\[fast\]'"),
    ],
)
def test_gigatoken_is_refused_where_it_is_missing_or_was_not_compared(
    monkeypatch: pytest.MonkeyPatch, version: str | None, reported: str
) -> None:
    def found(_name: str) -> str:
        if version is None:
            raise metadata.PackageNotFoundError
        return version

    monkeypatch.setattr(metadata, "version", found)

    with pytest.raises(EngineError, match=reported):
        gigatoken_engine.gigatoken_engine.__wrapped__()
    assert counter_on(EngineName.AUTO, 10**9) is default_counter()


def test_much_input_is_for_gigatoken_where_it_is_installed() -> None:
    if is_usable():
        assert counter_on(EngineName.AUTO, 10**9) is fast_counter()
    assert counter_on(EngineName.AUTO, 10**9) is not default_counter()
    assert counter_on(EngineName.TIKTOKEN, 10**9) is default_counter()


def test_only_short_input_has_an_encoder_of_its_own() -> None:
    four_bytes_each = 4 * 8_192

    assert counter_on(EngineName.AUTO, four_bytes_each) is sparing_counter()
    assert counter_on(EngineName.AUTO, four_bytes_each + 1) is not sparing_counter()


@given(st.lists(_texts, max_size=8), st.integers(0, 60))
@settings(max_examples=80, deadline=None)
def test_a_change_of_engines_on_the_way_changes_no_count(texts: list[str], share: int) -> None:
    other = Tiktoken(vocabulary.load_ranks()) if not is_usable() else None
    growing = Growing(tiktoken_engine(), lambda: other or fast_counter().engine, share)
    counter: TextCounter = StreamCounter(growing, byte_pairs, longest_piece=8)

    for text in texts:
        assert counter.count(_blocks(text, [5])) == default_counter().count([text])
    assert list(counter.count_each(texts)) == list(default_counter().count_each(texts))


def _blocks(text: str, sizes: list[int]) -> Iterator[str]:
    """Yield blocks of a text, with these sizes in turn."""
    begin = 0
    while begin < len(text):
        for size in sizes:
            yield text[begin : begin + size]
            begin += size
