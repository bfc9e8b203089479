"""Sources on other machines: whatever fsspec reads, such as s3://, gs:// and https://."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from deepseek_cost.errors import InputError, installing
from deepseek_cost.inputs.source import TextSource
from deepseek_cost.inputs.streams import Advance, unpacked


class RemoteSource(TextSource, frozen=True):
    """A prompt at a URL; `name` is the URL without parts that could be secret."""

    url: str = ""

    @property
    def is_stdin(self) -> bool:
        """Say that it can be opened again."""
        return False

    def open(self, advance: Advance = lambda _: None) -> BinaryIO:
        """Open the source's bytes, unpacked; raises InputError."""
        return unpacked(self.raw(), advance)

    def raw(self) -> BinaryIO:
        """Open the bytes as they are; raises InputError."""
        with _translating_errors(self.name):
            import fsspec  # noqa: PLC0415 - for URLs alone, and an extra

            return cast("BinaryIO", fsspec.open(self.url, "rb").open())


def find_remote(
    url: str, encoding: str, globs: Sequence[str] = ()
) -> tuple[list[TextSource], bool]:
    """Return the sources that a URL matches, sorted by name, and whether it is a folder.

    `*` and `**` are expanded; a folder has all its files but hidden ones, or those that match one
    of the patterns. Raises InputError for a URL that cannot be reached or matches nothing.
    """
    with _translating_errors(public(url)):
        import fsspec  # noqa: PLC0415 - as above

        system, path = fsspec.url_to_fs(url)
        is_folder = "*" not in url and system.info(path)["type"] == "directory"
        if "*" in url:
            found = system.glob(path, detail=True)
            files = {name: info for name, info in found.items() if info["type"] == "file"}
        elif is_folder:
            found = system.find(path, detail=True)
            files = {name: found[name] for name in found if _is_chosen(name, path, globs)}
        else:
            files = {path: system.info(path)}
    if not files:
        raise InputError(f"{public(url)}: nothing there matches", tip="give a URL of files")
    sources: list[TextSource] = []
    for name in sorted(files):
        whole = url if name == path else system.unstrip_protocol(name)
        size = files[name].get("size") or 0
        sources.append(RemoteSource(public(whole), None, encoding, length=size, url=whole))
    return sources, is_folder


def _is_chosen(name: str, folder: str, globs: Sequence[str]) -> bool:
    """Return whether a file below a folder is not hidden, and matches a pattern, if any."""
    below = PurePosixPath(name).relative_to(PurePosixPath(folder))
    is_hidden = any(part.startswith(".") for part in below.parts)
    return not is_hidden and (not globs or any(below.match(glob) for glob in globs))


def public(url: str) -> str:
    """Return a URL without its user, password and query, which may be a signature.

    Raises InputError for an invalid URL, of which only the beginning is shown.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InputError(f"{url.partition('://')[0]}://...: not a valid URL: {error}") from error
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


@contextmanager
def _translating_errors(name: str) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except ImportError as error:  # fsspec itself, or what it needs for a protocol, which it names
        is_fsspec = error.name == "fsspec"
        tip = f"reading URLs needs: {installing('dask')}" if is_fsspec else ""
        raise InputError(f"{name}: {error}", tip=tip) from error
    except FileNotFoundError as error:
        raise InputError(f"{name}: no such file there, or no response") from error
    except Exception as error:  # each of fsspec's protocols has errors of its own
        raise InputError(f"{name}: cannot be read: {type(error).__name__}") from error
