"""The supported log formats, and how each is recognized.

A new format is one file here with a generator `read(log)`, and one line in `FORMATS`. The first
format that matches reads the log. If none matches, the generic reader does.
"""

import re
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from deepseek_cost.billing.formats.base import Records
    from deepseek_cost.billing.formats.log import Log

_MISSING: Final = object()


def _tables(names: str) -> frozenset[str]:
    return frozenset(names.split())


def _below(names: str, shapes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the shapes of values that have something of these shapes under one of the names."""
    return tuple(
        " ".join(f"{outer}.{part}" for part in shape.split())
        for outer in names.split()
        for shape in shapes
    )


_CLAUDE_CODE: Final = (
    *("type=assistant message.usage message.model", "type=assistant message.usage session_id"),
    *("type=result modelUsage", "type=user message.role=user message.content sessionId"),
    *("type=system subtype=init session_id !qwen_code_version", "type=summary leafUuid"),
    *("type=file-history-snapshot messageId", "type=mode mode sessionId"),
    *("type=queue-operation operation sessionId", "type=last-prompt sessionId"),
    "type uuid sessionId isSidechain !message.parts",
)
_CODEX: Final = (
    *("timestamp type=session_meta payload.id", "timestamp type=turn_context payload.model"),
    *("type=event_msg payload.type=token_count", "type=thread.started thread_id"),
    "type=token_usage_record payload.usage",
)
_DSH: Final = (
    *("type=assistant/message seq time data", "type=assistant/chunk seq time data"),
    *("type=session version createdAt cwd", "type=turn/start seq time", "type=session/header seq"),
)
_QWEN_CHATS: Final = "use its chats in ~/.qwen/projects instead"
_QWEN_REBUILT: Final = (
    f"its openai-logging records are reconstructed and lack cache hits; {_QWEN_CHATS}"
)
_QWEN_OUTPUT: Final = f"its printed output has no times; {_QWEN_CHATS}"
_QWEN_SUMS: Final = f"it is a list of whole sessions' sums; {_QWEN_CHATS}"
_AIDER: Final = ("event=message_send properties.edit_format", "event=launched properties user_id")
_AIDER_ESTIMATES: Final = (
    "its counts are Aider's own estimates, without cache hits; use DeepSeek's export instead"
)
_NO_TITLES: Final = "opencode and Kilo do not record the requests that name their sessions"
_NO_TITLES_OF_DSH: Final = (
    "DeepSeek Harness does not record the tokens of the requests that name its sessions"
)
_SUMS: Final = "it keeps only a session's sums, without cache hits; use DeepSeek's export instead"
_LITELLM: Final = (
    *("call_type custom_llm_provider startTime", "litellm_call_id startTime model"),
    *("request_id spend startTime model", "id call_type response_cost startTime"),
)
_LANGFUSE: Final = (
    *(
        "id type startTime usageDetails",
        "id type start_time usage_details",
        "id type startTime usage.unit",
    ),
    *(
        "data.0.usageDetails data.0.startTime",
        "data.0.traceId data.0.type",
        "traceId type startTime",
    ),
    "observations.0.type",
)
_LANGSMITH: Final = ("run_type start_time", "runs.0.run_type")
_OPENTELEMETRY: Final = (
    *("resourceSpans", "resource_spans", "attributes context.span_id", "attributes spanId"),
    *("attributes startTimeUnixNano", "attributes span_id", "context.span_id span_kind"),
    "attributes traceId",
)
_NEW_API: Final = (
    *("model_name prompt_tokens quota", "data.items.0.model_name data.items.0.quota"),
    *("items.0.model_name items.0.quota", "data.0.model_name data.0.quota"),
)
_LLM_CLI: Final = ("datetime_utc conversation_id response_json", "datetime_utc token_details")
_LLM_TABLES: Final = _tables("responses.datetime_utc responses.response_json conversations")
_PROMPTFOO: Final = (
    "evalId results.results",
    "testCase promptIdx tokenUsage",
    "results.stats config",
)
_INSPECT: Final = ("eval.eval_id plan", "eval.eval_id samples")
_BATCHES: Final = (
    *("custom_id response.status_code", "custom_id response error", "custom_id result.type"),
)
_OF_VERCEL: Final = (
    *("usage.inputTokens usage.outputTokens", "usage.promptTokens usage.completionTokens"),
    *("steps.0.usage.inputTokens", "steps.0.usage.promptTokens"),
)
_VERCEL: Final = (*_OF_VERCEL, *_below("result response output", _OF_VERCEL))
_OF_LANGCHAIN: Final = (
    *("response_metadata usage_metadata", "data.response_metadata", "kwargs.response_metadata"),
    *("response_metadata.token_usage", "generations.0.0.message", "response_metadata.usage"),
    *("content usage_metadata", "messages.0.response_metadata", "messages.0.data.content"),
    "messages.0.kwargs.content",
)
_LANGCHAIN: Final = (
    *_OF_LANGCHAIN,
    *_below("message response output result", _OF_LANGCHAIN),
)
_PYDANTIC_AI: Final = (
    *("kind=response parts", "kind=request parts", "kind=response usage", "messages.0.kind"),
)
_HELICONE: Final = (
    *("request_id request_created_at response_status", "data.0.request_created_at"),
    "request_id request_created_at provider",
)
_PORTKEY: Final = ("ai_org ai_model", "data.0.ai_org", "ai_model response_status_code")
_OPENROUTER: Final = (
    *("provider model usage.cost", "generation_id model_permaslug", "data.native_tokens_prompt"),
    "data.generation_time data.provider_name",
)
_EXPORT: Final = (
    *("utc_date model type price amount", "start_time_iso model type price amount"),
    *("utc_date model wallet_type cost", "start_time_iso model wallet_type cost"),
    *("data.biz_data.series.0.buckets", "data.biz_data.data.0.series"),
)
_EXPORTED: Final = r"(^|/)(amount|cost)-[^/]*\.csv$"
_CHUNK: Final = "object=chat.completion.chunk"
_STREAM: Final = (
    *(_CHUNK, "type=message_start message", "type=response.created response"),
    *("type=content_block_delta delta", "type=message_delta usage"),
    *(f"{key}.{_CHUNK}" for key in ("chunk", "data", "event", "chunks.0", "events.0", "stream.0")),
    *(f"{key}.{_CHUNK}" for key in ("response.0", "response.body.0", "response_body.0", "body.0")),
    *(f"{key}.type=message_start" for key in ("chunk", "data", "event", "chunks.0", "events.0")),
    *(f"{key}.type=message_start" for key in ("response.0", "stream.0", "body.0")),
    *(f"{key}.type=response.created" for key in ("chunk", "data", "event", "chunks.0", "events.0")),
    *(f"{key}=data:*" for key in ("response", "response.body", "response_body", "body", "stream")),
    *(f"{key}=event:*" for key in ("response", "response.body", "response_body", "body", "stream")),
)


class Format(Struct, frozen=True):
    """How a log format is recognized, and what reads it. Everything given must match.

    `module`: its file here; empty if the format is declined. `title`: its common name.
    `shapes`: at least one fits one of the first values (lines, elements, rows, events). A shape
    lists paths that a value must have (`message.usage` or `messages.0`), that must equal a text
    (`type=assistant`), that must begin with one (`body=data:*`), or that are missing (`!parts`).
    `path`: a regular expression found in the log's name, with `/` between folders.
    `tables`: of an SQLite file. `members`: a regular expression found in a ZIP member's name.
    `declined`: why nothing in it can be billed, and what to use instead. `caveat`: what is missing
    or inexact in its bill. `is_invoice`: it has what DeepSeek charged instead of responses;
    `billing.invoice` adds it up. `by_line`: each line is read without regard to others.
    """

    module: str
    title: str
    shapes: tuple[str, ...] = ()
    path: str = ""
    tables: frozenset[str] = frozenset()
    members: str = ""
    declined: str = ""
    caveat: str = ""
    is_invoice: bool = False
    by_line: bool = False

    def matches(self, log: "Log") -> bool:
        """Return whether a log is in this format; raises OSError."""
        if self.path and not re.search(self.path, log.name.replace("\\", "/")):
            return False
        if self.tables and not self.tables <= log.tables:
            return False
        if self.members and not any(re.search(self.members, member) for member in log.members):
            return False
        return not self.shapes or any(
            fits(shape, value) for value in log.samples for shape in self.shapes
        )

    def read(self, log: "Log") -> "Records":
        """Yield the records of a log in this format, in one pass."""
        found: Records = import_module(f"{__name__}.{self.module}").read(log)
        return found


# The order matters only for formats that share keys: the more specific one comes first, unless the
# other one is read far more often.
FORMATS: Final[tuple[Format, ...]] = (
    # coding agents
    Format("claude_code", "Claude Code", _CLAUDE_CODE, by_line=True),
    Format("", "Qwen Code", ("type=system subtype=init qwen_code_version",), declined=_QWEN_OUTPUT),
    Format("", "Qwen Code", ("sessionId totalLatencyMs models",), declined=_QWEN_SUMS),
    Format("qwen", "Qwen Code", ("agentId isSidechain message.parts sessionId",)),
    Format("codex", "Codex CLI", _CODEX),
    Format("dsh", "DeepSeek Harness", _DSH, caveat=_NO_TITLES_OF_DSH),
    Format(
        *("opencode", "opencode"),
        tables=_tables("message.data message.session_id part session"),
        caveat=_NO_TITLES,
    ),
    Format(
        *("opencode", "opencode"),
        ("info.id messages", "role=assistant modelID tokens.cache"),
        caveat=_NO_TITLES,
    ),
    Format("opencode", "opencode", ("role=user sessionID model.modelID",)),
    Format(
        *("reasonix", "Reasonix"),
        ("ts model prompt completion cache_hit", "ts source turn"),
        by_line=True,
    ),
    Format("qwen", "Qwen Code", ("sessionId systemPayload", "sessionId usageMetadata")),
    Format(
        *("", "Qwen Code"),
        ("timestamp request.messages system.nodeVersion",),
        declined=_QWEN_REBUILT,
    ),
    Format("cline", "Cline or Roo Code", ("ts type=say say", "ts type=ask ask")),
    Format("cline_cli", "Cline CLI", ("sessionId messages origin.source",)),
    Format("cline", "Cline or Roo Code", ("files_in_context model_usage",)),
    Format("cline", "Cline or Roo Code", path=r"/api_conversation_history\.json$"),
    Format(
        *("continue_dev", "Continue"),
        ("sessionId history workspaceDirectory",),
        caveat="Continue records only when a session began",
    ),
    Format("continue_dev", "Continue", ("sessionId dateCreated workspaceDirectory",)),
    Format("zed", "Zed", tables=_tables("threads.data threads.data_type threads.updated_at")),
    Format("", "Aider", _AIDER, declined=_AIDER_ESTIMATES),
    Format("", "Aider", path=r"aider\.chat\.history[^/]*\.md$", declined=_AIDER_ESTIMATES),
    Format("", "Codewhale", ("metadata.cost.session_cost_usd messages",), declined=_SUMS),
    Format("", "Goose", tables=_tables("sessions.accumulated_total_tokens"), declined=_SUMS),
    Format("", "Crush", tables=_tables("sessions.prompt_tokens messages.parts"), declined=_SUMS),
    # gateways, exports, SDKs
    Format("deepseek_export", "DeepSeek's usage export", _EXPORT, is_invoice=True),
    Format("deepseek_export", "DeepSeek's usage export", members=_EXPORTED, is_invoice=True),
    Format("litellm", "LiteLLM", _LITELLM, by_line=True),
    Format("langsmith", "LangSmith", _LANGSMITH),
    Format("langfuse", "Langfuse", _LANGFUSE),
    Format("opentelemetry", "OpenTelemetry", _OPENTELEMETRY),
    Format("new_api", "new-api", _NEW_API),
    Format("llm_cli", "llm", _LLM_CLI),
    Format("llm_cli", "llm", tables=_LLM_TABLES),
    Format("promptfoo", "promptfoo", _PROMPTFOO),
    Format("inspect_ai", "inspect_ai", _INSPECT),
    Format("inspect_ai", "inspect_ai", members=r"^(_journal/start|header)\.json$"),
    Format("har", "HAR", ("log.entries",)),
    Format("batches", "batch results", _BATCHES),
    Format("openrouter", "OpenRouter", _OPENROUTER),
    Format("helicone", "Helicone", _HELICONE),
    Format("portkey", "Portkey", _PORTKEY),
    Format("langchain", "LangChain", _LANGCHAIN),
    Format("pydantic_ai", "pydantic-ai", _PYDANTIC_AI),
    Format("vercel_ai", "Vercel AI SDK", _VERCEL),
    Format("stream", "a stream", _STREAM),
)


def recognize(log: "Log", formats: Iterable[Format] = FORMATS) -> Format | None:
    """Return the format of a log, or None if it is unknown; raises OSError."""
    return next((known for known in formats if known.matches(log)), None)


def fits(shape: str, value: object) -> bool:
    """Return whether a value matches all parts of a shape."""
    return all(_has(value, part) for part in shape.split())


def _has(value: object, part: str) -> bool:
    if part.startswith("!"):
        return not _has(value, part[1:])
    path, equals, wanted = part.partition("=")
    # The name of a CSV column may contain dots.
    is_name = isinstance(value, dict) and path in value
    for name in (path,) if is_name else path.split("."):
        value = _member(value, name)
    if value is _MISSING:
        return False
    if wanted.endswith("*"):
        return isinstance(value, str) and value.lstrip().startswith(wanted[:-1])
    return not equals or value == wanted


def _member(value: object, name: str) -> object:
    if isinstance(value, dict):
        return value.get(name, _MISSING)
    if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
        return value[int(name)]
    return _MISSING
