"""The worked examples in prompts/: their cases are sound, and there is something to learn."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from pathlib import Path

import pytest

from promptgit import metaprompts, plugins
from promptgit.config.eval_file import parse_eval_file
from promptgit.core.prompt import Prompt
from promptgit.edges import cases
from promptgit.evaluate.evaluate import evaluate
from promptgit.evaluate.suite import bind
from promptgit.improve.guard import guard
from promptgit.improve.improve import improve
from promptgit.improve.lab import Lab
from promptgit.improve.mentor import Mentor
from promptgit.models.offline import factory
from promptgit.scorers.lexical import LexicalEmbedder
from promptgit.strategies.critique import critique

PROMPTS = Path(__file__).parent.parent / "prompts"
REPLIES = PROMPTS / "support-reply.csv"
TICKETS = PROMPTS / "ticket-triage.jsonl"


@pytest.mark.parametrize("path", [REPLIES, TICKETS], ids=["support-reply", "ticket-triage"])
def test_an_example_has_at_least_150_cases_and_loses_none(path):
    found = cases.read(path)

    assert len(found) >= 150
    assert not found.dropped


@pytest.mark.parametrize("path", [REPLIES, TICKETS], ids=["support-reply", "ticket-triage"])
def test_no_two_cases_ask_the_same(path):
    asked = Counter(normal(next(iter(case.inputs.values()))) for case in cases.read(path))

    assert max(asked.values()) == 1


@pytest.mark.parametrize("path", [REPLIES, TICKETS], ids=["support-reply", "ticket-triage"])
def test_case_ids_can_be_read(path):
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", case.id) for case in cases.read(path))


@pytest.mark.parametrize("path", [REPLIES, TICKETS], ids=["support-reply", "ticket-triage"])
def test_both_halves_have_cases_of_every_kind(path):
    search, sealed = cases.read(path).split()

    kinds = {case.tags[0] for case in (*search, *sealed)}
    for half in (search, sealed):
        assert Counter(case.tags[0] for case in half).keys() == kinds
    assert 0.4 < len(search) / (len(search) + len(sealed)) < 0.6


def test_every_reply_keeps_to_the_house_style():
    for case in cases.read(REPLIES):
        reply = case.expected or ""
        assert reply.startswith(f"Hi {case.inputs['customer']}, "), case.id
        assert f"order {case.inputs['order_id']}" in reply or case.inputs["order_id"] in reply
        assert reply.endswith("Kind regards, Harbour & Pine"), case.id
        assert len(reply.split()) <= 60, case.id


def test_no_order_number_is_used_twice():
    numbers = Counter(case.inputs["order_id"] for case in cases.read(REPLIES))

    assert max(numbers.values()) == 1


def test_no_topic_takes_more_than_a_fifth_of_the_replies():
    topics = Counter(case.tags[0] for case in cases.read(REPLIES))

    assert len(topics) >= 12
    assert max(topics.values()) <= sum(topics.values()) / 5
    assert min(topics.values()) >= 8


def test_what_must_pass_is_a_tag_that_exists():
    found = parse_eval_file((PROMPTS / "support-reply.eval.yaml").read_bytes(), "support-reply")

    tags = {tag for case in cases.read(REPLIES) for tag in case.tags}
    assert found.must_pass == ("refund-abuse",)
    assert set(found.must_pass) <= tags


def test_every_ticket_has_a_label_and_a_priority_that_the_prompt_names():
    prompt = (PROMPTS / "ticket-triage.md").read_text(encoding="utf-8")

    for case in cases.read(TICKETS):
        answer = json.loads(case.expected or "")
        assert answer.keys() == {"label", "priority"}
        assert answer["label"] in prompt
        assert answer["priority"] in prompt
        assert case.tags == (answer["label"],)


def test_the_labels_of_the_tickets_are_balanced():
    labels = Counter(case.tags[0] for case in cases.read(TICKETS))

    assert 6 <= len(labels) <= 8
    assert max(labels.values()) <= 2 * min(labels.values())


class Nobody:
    """A notebook that nobody reads."""

    def note(self, kind, **facts):
        pass


def improved(name, seed):
    """Improve an example as `promptgit improve` searches; return its sealed scores."""
    wanted = parse_eval_file((PROMPTS / f"{name}.eval.yaml").read_bytes(), name)
    found = cases.read(PROMPTS / wanted.cases)
    texts = [text for case in found for text in (*case.inputs.values(), case.expected or "")]
    suite = bind(wanted.assertions, plugins.scorer, injected={"embedder": LexicalEmbedder(texts)})
    model = factory("", options={})
    search, sealed = found.split()

    def evaluator(prompt, some):
        return evaluate(prompt, some, model, suite, concurrency=1)

    templates = {name: metaprompts.text(name) for name in metaprompts.NAMES}
    lab = Lab(
        search,
        evaluator,
        Mentor(model, templates, f"prompts/{name}.md"),
        lambda patch, prompt: guard(patch, prompt, search.cases),
        random.Random(seed),
        Nobody(),
    )
    start = Prompt.of((PROMPTS / f"{name}.md").read_text(encoding="utf-8"), name=name)
    *_, best = improve(start, critique, lab)
    return evaluator(start, sealed).mean, evaluator(best.prompt, sealed).mean


@pytest.mark.parametrize(("name", "gain"), [("support-reply", 0.08), ("ticket-triage", 0.04)])
def test_an_example_starts_modestly_and_gets_better_on_cases_that_chose_nothing(name, gain):
    before, after = improved(name, seed=0)

    assert 0.45 < before < 0.65
    assert after > before + gain


def normal(text):
    return " ".join(re.findall(r"\w+", text.lower()))
