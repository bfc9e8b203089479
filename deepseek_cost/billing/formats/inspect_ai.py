"""inspect_ai (0.3): evaluation logs, as `.json` or `.eval` (a ZIP with Zstandard compression).

`input_tokens` does not include the hits; the output includes the reasoning. A call served from its
own cache is logged with its whole usage.
"""

import struct
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO, Final

from deepseek_cost.billing.formats.api import first, items, utc_seconds
from deepseek_cost.billing.formats.base import (
    Costless,
    Found,
    Reason,
    Records,
    Response,
    Unreadable,
)
from deepseek_cost.billing.formats.lenient_json import decoded, unpacked_json
from deepseek_cost.billing.formats.log import Form, Log
from deepseek_cost.billing.formats.parts import MISSES, Parts
from deepseek_cost.billing.formats.provider import label_of_host
from deepseek_cost.billing.formats.values import as_object, at, count, name

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

_AGENT: Final = "inspect_ai"
_ZSTANDARD: Final = 93
_STORED_OR_DEFLATED: Final = (0, 8)
_HEADER: Final = struct.Struct("<4s5H3I2H")
_SAMPLES: Final = "samples/"
_MAX_PACKED: Final = 64_000_000


def read(log: Log) -> Records:
    """Yield the calls of an evaluation."""
    if log.form is Form.ZIP:
        return _from_archive(log)
    return log.each(lambda number, value: _of_document(log, number, value))


def _of_document(log: Log, number: int, value: object) -> Iterator[Found]:
    session = name(at(value, "eval.run_id"))
    project = name(at(value, "eval.task"))
    samples = at(value, "samples")
    for sample in items(samples) if isinstance(samples, list) else [value]:
        yield from _calls(log, number, sample, session, project)


def _from_archive(log: Log) -> Iterator[Found]:
    import zipfile  # noqa: PLC0415 - few logs are archives

    try:
        with closing(log.seekable()) as file, zipfile.ZipFile(file) as archive:
            about = _member(file, archive, "_journal/start.json")
            session, project = name(at(about, "eval.run_id")), name(at(about, "eval.task"))
            names = [info for info in archive.infolist() if info.filename.startswith(_SAMPLES)]
            for number, info in enumerate(names, 1):
                sample = _read(file, archive, info)
                if sample is None:
                    yield log.fault(number, f"member {number} of its samples cannot be read")
                else:
                    yield from _calls(log, number, sample, session, project)
    except (zipfile.BadZipFile, OSError, RuntimeError) as error:
        yield log.fault(1, f"the archive cannot be read: {error}")


def _member(file: BinaryIO, archive: "ZipFile", wanted: str) -> object:
    infos = {info.filename: info for info in archive.infolist()}
    return _read(file, archive, infos[wanted]) if wanted in infos else None


def _read(file: BinaryIO, archive: "ZipFile", info: "ZipInfo") -> object | None:
    """Return a member's JSON. Python before 3.14 cannot unpack Zstandard in a ZIP."""
    if info.compress_size > _MAX_PACKED or info.file_size > _MAX_PACKED:
        return None
    if info.compress_type in _STORED_OR_DEFLATED:
        return decoded(archive.read(info))
    if info.compress_type != _ZSTANDARD:
        return None
    file.seek(info.header_offset)
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    *_, name_size, extra_size = _HEADER.unpack(header)
    file.seek(info.header_offset + _HEADER.size + name_size + extra_size)
    return unpacked_json(file.read(info.compress_size))


def _calls(
    log: Log, number: int, sample: object, session: str | None, project: str | None
) -> Iterator[Found]:
    for event in items(at(sample, "events")):
        if at(event, "event") != "model":
            continue
        try:
            yield _call(log, number, as_object(event), session, project)
        except Unreadable as error:
            yield log.fault(number, error.reason)


def _call(
    log: Log,
    number: int,
    event: Mapping[str, object],
    session: str | None,
    project: str | None,
) -> Found:
    if event.get("cache") == "read":
        return Costless(Reason.CACHED)
    usage = as_object(at(event, "output.usage"))
    if not usage:
        return Costless(Reason.FAILED)
    parts = Parts(
        input=count(usage.get("input_tokens")),
        output=count(usage.get("output_tokens")),
        hit=count(usage.get("input_tokens_cache_read")),
        written=count(usage.get("input_tokens_cache_write")),
        reasoning=count(usage.get("reasoning_tokens")),
        total=count(usage.get("total_tokens")),
    )
    counts = parts.counts(MISSES)
    called = name(event.get("model")) or ""
    model = name(at(event, "output.model")) or called
    if not model:
        raise Unreadable("no model in a call")
    own = name(event.get("uuid"))
    return Response(
        line=log.line(number),
        model=model,
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        reasoning=counts.reasoning,
        identity=name(at(event, "output.response_id")) or (f"inspect {own}" if own else None),
        provider=_provider(called),
        start=utc_seconds(first(event, "timestamp")),
        end=utc_seconds(first(event, "completed")),
        project=project,
        session=session,
        agent=_AGENT,
    )


def _provider(called: str) -> str | None:
    """Return the host in `openai-api/deepseek/MODEL` or `deepseek/MODEL`."""
    labels = called.split("/")[:-1]
    known = (label_of_host(label) for label in reversed(labels))
    return next((label for label in known if label), None)
