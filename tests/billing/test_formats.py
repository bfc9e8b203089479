"""Every format that a bill is made of, with its tool's version and the test on our own input."""

import re
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

from deepseek_cost.billing import formats
from deepseek_cost.billing.formats import FORMATS

# The reader's module, the heading above its tests (tools with their versions), and one of them.
TESTED: Final = (
    ("claude_code", "Claude Code 2.1.197", "agents.claude_codes_responses_have_their_session"),
    ("codex", "Codex CLI 0.171.0", "agents.codexs_counts_are_added_up_and_not_its_sums"),
    ("dsh", "DeepSeek Harness 0.2.1-rc.2", "agents.a_step_of_dsh_counts_once"),
    ("opencode", "opencode 1.18.33; Kilo's command line 7.7.7",
     "agents.opencodes_three_layouts_are_the_same"),
    ("reasonix", "Reasonix 1.38.11", "agents.reasonixs_statistics_have_a_label"),
    ("qwen", "Qwen Code 0.24.4 and 0.15.10", "agents.only_the_usage_events_of_qwen_code_count"),
    ("cline", "Cline 3 for VS Code", "agents.clines_deepseek_provider_counts_misses"),
    ("cline_cli", "Cline's command line 3.0.65", "agents.clines_command_line_has_the_hits"),
    ("continue_dev", "Continue's command line 1.5.47", "agents.continues_responses_get_the_time"),
    ("zed", "Zed, thread format 0.3.0", "agents.zeds_prompts_are_somewhere_between"),
    ("", "Aider 0.86.2, Codewhale, Goose, Crush", "agents.what_cannot_be_billed_is_declined"),
    ("deepseek_export", "DeepSeek's export, both generations",
     "invoice.the_older_form_has_days_of_utc"),
    ("litellm", "LiteLLM 1.110.2", "gateways.litellm_counts_are_those_of_the_api"),
    ("langfuse", "Langfuse 3", "gateways.langfuse_keeps_hits_and_reasoning_next_to_the_rest"),
    ("langsmith", "LangSmith 0.15.1", "gateways.only_langsmiths_leaves_were_billed"),
    ("opentelemetry", "opentelemetry-instrumentation-openai 0.62.4, openinference 0.1.66",
     "gateways.a_span_of_one_call_is_a_response"),
    ("opentelemetry", "langfuse 5.0.4", "gateways.spans_of_langfuses_sdk_have_the_usage_as_json"),
    ("new_api", "new-api 0.9", "gateways.new_api_keeps_hits_in_text"),
    ("llm_cli", "llm 0.36", "gateways.llm_names_models_as_its_user_does"),
    ("promptfoo", "promptfoo 0.121.20", "gateways.promptfoo_counts_graders"),
    ("inspect_ai", "inspect_ai 0.3.285", "gateways.inspect_ai_leaves_hits_out_of_the_input"),
    ("stream", "Streams: DeepSeek's own", "gateways.a_stream_is_one_response"),
    ("har", "HAR 1.2", "gateways.a_har_has_responses_whole_streamed_or_in_base64"),
    ("batches", "OpenAI's and Anthropic's batches of 2026-11",
     "gateways.results_of_an_openai_batch_are_its_responses"),
    ("vercel_ai", "ai 6.0.326", "gateways.vercels_steps_are_billed_and_their_total_is_not"),
    ("langchain", "langchain-core 1.8.3, langchain-deepseek 1.1.1, langchain-anthropic 1.7.10",
     "gateways.langchain_messages_in_the_ways_they_are_dumped"),
    ("pydantic_ai", "pydantic-ai 2.68.0", "gateways.pydantic_ai_keeps_requests_and_responses"),
    ("helicone", "Helicone, Portkey, OpenRouter", "gateways.helicone_with_bodies_and_without"),
    ("portkey", "Helicone, Portkey, OpenRouter", "gateways.portkey_has_hits_in_its_bodies"),
    ("openrouter", "Helicone, Portkey, OpenRouter", "gateways.openrouter_charges_itself"),
)  # fmt: skip


def test_every_format_has_a_test() -> None:
    known = {known.module for known in FORMATS}
    folder = Path(str(formats.__file__)).parent
    readers = {
        path.stem
        for path in folder.glob("*.py")
        if re.search(r"^def read\(log: Log\)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert {module for module, _, _ in TESTED} == known
    assert readers == known - {""}


@pytest.mark.parametrize(("module", "heading", "test"), TESTED)
def test_a_formats_test_is_below_the_version_that_it_is_for(
    module: str, heading: str, test: str
) -> None:
    file, _, name = test.partition(".")
    tests = import_module(f"tests.billing.test_{file}")
    found = [known for known in vars(tests) if known.startswith(f"test_{name}")]
    text = Path(str(tests.__file__)).read_text(encoding="utf-8")

    assert len(found) == 1, module
    above = text[: text.index(f"def {found[0]}(")]
    headings = re.findall(r"^# (.*)$", above, re.MULTILINE)
    assert any(heading in one for one in headings), headings
