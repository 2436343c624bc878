import json
import threading

import pytest

from promptgit import plugins
from promptgit.core.ports import Answer
from promptgit.core.trace import Span, tool_span
from promptgit.evaluate.suite import Assertion, bind
from promptgit.scorers.lexical import LexicalEmbedder
from promptgit.testing.laws import CASES, scorer_obeys
from promptgit.testing.scripted import ScriptedModel

ANSWER = Answer("whatever it says", cost_usd=0.002, latency_s=0.4)
SURE = Answer("whatever it says", mean_logprob=-0.25)
DONE = (
    tool_span("find", {"id": [1, "\ud800"]}),
    Span("Skill\n", "skill", failed=True, message="no\u200bne", duration_ms=5),
)
TRACED = {"answer": Answer("whatever it says", trace=DONE), "negated": False}
UNTRACED = {"answer": ANSWER, "negated": True}
SQL = {"value": {"databaseType": "SQLite", "allowedTables": ["select::null::orders"]}}
XML = {"value": {"requiredElements": ["root.child"]}}
TOOLS = [{"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}]
CODE = "def get_assert(output, context):\n    return len(output) < 3 or bool(context['vars'])\n"


def bound(entries, own):
    return bind([Assertion(name) for name in json.loads(entries)], plugins.scorer, injected={})


OPTIONS = {
    "assert-set": [{"assert_": ["is-json"], "answer": ANSWER, "bound": bound}],
    "contains-json": [{}, {"value": {"type": "object"}}],
    "cost": [{"answer": ANSWER, "threshold": 0.001}],
    "bleu": [{}, {"value": ["way", "no"], "graded": True}],
    "contains-sql": [{}, SQL],
    "contains-html": [{}],
    "contains-xml": [{}, XML],
    "finish-reason": [{"answer": ANSWER, "value": "stop"}],
    "gleu": [{}, {"value": ["way", "no"], "threshold": 0.1}],
    "guardrails": [{"answer": ANSWER}],
    "is-html": [{}],
    "is-refusal": [{"answer": ANSWER}],
    "is-sql": [{}, SQL],
    "is-valid-function-call": [{"value": TOOLS}],
    "is-valid-openai-function-call": [{"value": TOOLS}],
    "is-valid-openai-tools-call": [{"value": TOOLS}],
    "is-xml": [{}, XML],
    "meteor": [{}, {"value": ["way", "no"], "graded": True}],
    "equals": [{}, {"ignore_case": True, "strip": True}, {"value": {"label": "refund"}}],
    "is-json": [{}, {"fence": True, "value": {"required": ["label"]}}],
    "is-patch": [{"value": "Hi.\n", "count": "0-1"}, {"value": "", "shorter": True}],
    "json-fields": [{}, {"fence": True, "ordered": False, "allow_extra": False}],
    "latency": [{"answer": ANSWER, "threshold": 300}],
    "levenshtein": [{}, {"threshold": 3}, {"graded": True}],
    "llm-rubric": [
        {"judge": ScriptedModel('{"reason": "so so", "score": 0.5}'), "value": "is kind"}
    ],
    "perplexity": [{"answer": SURE}, {"answer": SURE, "threshold": 1.2}],
    "perplexity-score": [{"answer": SURE, "threshold": 0.4}, {"answer": SURE, "graded": True}],
    "skill-used": [{**TRACED, "value": ["a", "Skill"]}, {**UNTRACED, "value": {"pattern": "S*"}}],
    "trace-error-spans": [{**TRACED}, {**UNTRACED}, {**TRACED, "value": {"max_percentage": 10}}],
    "trace-span-count": [{**TRACED, "value": {"pattern": "*", "min": 1}}],
    "trace-span-duration": [{**TRACED, "value": {"max": 4}}, {**UNTRACED, "value": {"max": 4}}],
    "trajectory:step-count": [{**TRACED, "value": {"max": 1}}],
    "trajectory:tool-args-match": [{**TRACED, "value": {"name": "find", "args": {"id": []}}}],
    "trajectory:tool-sequence": [{**TRACED, "value": ["find", "send"]}],
    "trajectory:tool-used": [{**TRACED, "value": "send"}, {**UNTRACED, "value": {"name": "f"}}],
    "regex": [{}, {"value": "(?i)way", "ignore_case": True}],
    "similar": [{"embedder": LexicalEmbedder(case.expected or "" for case in CASES)}],
    "word-count": [{"value": 3}, {"value": {"min": "1", "max": 60}}],
}


@pytest.mark.parametrize("name", [name for name in plugins.SCORERS if name != "python"])
def test_every_scorer_obeys_the_laws(name):
    for options in OPTIONS.get(name, [{}, {"value": "way"}]):
        scorer_obeys(plugins.scorer(name), options=options)


def test_the_python_scorer_obeys_the_laws():
    options = {
        "value": "file://fine.py",
        "allow_code": True,
        "read_file": {"fine.py": CODE}.__getitem__,
    }

    scorer_obeys(plugins.scorer("python"), options=options, cases=CASES[:2], outputs=["", "\ud800"])


@pytest.mark.parametrize("name", ["similar", "regex", "is-json", "json-fields"])
def test_a_scorer_may_be_called_from_many_threads(name):
    options = OPTIONS[name][0]
    scorer, case = plugins.scorer(name), CASES[1]
    alone = [scorer(case, f"answer {n}", **options) for n in range(50)]
    together = [[] for _ in range(8)]

    def score(found):
        found += [scorer(case, f"answer {n}", **options) for n in range(50)]

    threads = [threading.Thread(target=score, args=(found,)) for found in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(found == alone for found in together)
