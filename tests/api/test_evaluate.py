"""`promptgit.evaluate` and `promptgit.load`: by name, or with what callers bring."""

from __future__ import annotations

import os
import pickle
import threading
from contextlib import chdir
from pathlib import Path

import pytest

import promptgit
from cli.terminal import PROMPT, SEED, an_office
from cli.terminal import promptgit as typed
from promptgit.edges.git import Git
from promptgit.edges.records import Records
from promptgit.testing import ScriptedModel
from promptgit.testing.repositories import Repository

GREET = promptgit.Prompt.of("Greet {{ name }}.", name="greet")
ROWS = [
    {"name": "Ada", "message": "Hi", "expected": "Hello Ada"},
    {"name": "Bo", "message": "Hi", "expected": "Hello Bo"},
]


def greeter(messages):
    return "Hello " + messages[0]["content"].removeprefix("Greet ").removesuffix(".")


@pytest.fixture
def office(tmp_path: Path) -> Repository:
    return an_office(tmp_path / "office", per_label=10)


@pytest.fixture
def nowhere(tmp_path: Path):
    """A folder that is in no repository."""
    (tmp_path / "nowhere").mkdir()
    with chdir(tmp_path / "nowhere"):
        yield


def test_a_prompt_of_a_repository_needs_its_name_only(office: Repository):
    with chdir(office.path):
        found = promptgit.evaluate("sort")

    assert len(found.results) == 30
    assert found.mean == pytest.approx(1 / 3)
    assert repr(found) == "<Evaluation of sort: 0.333 on 30 of 30 cases, offline/rules-1>"


def test_it_says_what_the_command_says(office: Repository):
    found = promptgit.evaluate("sort", repo=office.path)
    said = typed(office, "eval", "sort", "--json", "--no-record").json

    assert found.mean == said["score"]["mean"]
    assert said["calls"] == 0  # both use one cache


def test_it_prints_nothing_and_leaves_nothing_but_the_cache(office: Repository, capfd):
    before = office.git("for-each-ref")

    promptgit.evaluate("sort", repo=office.path)

    assert capfd.readouterr() == ("", "")
    assert office.git("for-each-ref") == before
    assert office.status() == ""


def test_evidence_is_kept_when_it_is_asked_for(office: Repository):
    promptgit.evaluate("sort", repo=office.path, record=True)

    assert Records(Git.discover(office.path)).find(office.blob(PROMPT))


def test_a_revision_may_be_named(office: Repository):
    office.commit({PROMPT: "Always answer: tool\n"})

    old = promptgit.load("sort", ref="HEAD~1", repo=office.path)
    now = promptgit.load("sort", repo=office.path)

    assert (old.text, now.text) == (SEED, "Always answer: tool\n")
    assert promptgit.evaluate("sort", ref="HEAD~1", repo=office.path).prompt.text == SEED
    assert promptgit.evaluate(old, repo=office.path).prompt.text == SEED


def test_a_prompt_is_ready_for_a_chat_client():
    assert GREET.messages(name="Ada", message="Hi") == [
        {"role": "system", "content": "Greet Ada."},
        {"role": "user", "content": "Hi"},
    ]
    assert GREET.render({"name": 7})[0].text == "Greet 7."
    with pytest.raises(promptgit.UserError, match="name"):
        GREET.messages(message="Hi")


def test_a_text_alone_is_no_file_of_the_repository(office: Repository):
    office.commit({"prompts/prompt.md": "x", "prompts/prompt.eval.yaml": "assert: [{type: nope}]"})
    (office.path / "prompt").mkdir()

    with chdir(office.path):
        found = promptgit.evaluate(promptgit.Prompt.of(SEED), cases="prompts/sort.csv")

    assert found.mean == pytest.approx(1 / 3)


def test_a_name_that_several_files_have_says_nothing_of_a_prompt(office: Repository):
    office.commit({"prompts/old/sort.md": SEED})
    prompt = promptgit.load("prompts/sort.md", repo=office.path)

    with pytest.raises(promptgit.UserError, match="no cases for the prompt 'sort'"):
        promptgit.evaluate(prompt, repo=office.path)
    cases = office.path / "prompts/sort.csv"
    assert len(promptgit.evaluate(prompt, repo=office.path, cases=cases).results) == 30


def test_without_a_repository_everything_is_given(nowhere):
    found = promptgit.evaluate(GREET, cases=ROWS, scorers={"type": "equals"}, model=greeter)

    assert found.mean == 1.0
    assert str(found.model) == "function/greeter"


def test_without_a_repository_a_name_is_an_error_that_says_so(nowhere):
    with pytest.raises(promptgit.UserError, match="repository"):
        promptgit.evaluate("sort")


def test_the_offline_model_works_anywhere(nowhere):
    found = promptgit.evaluate(promptgit.Prompt.of("Answer: yes"), cases=ROWS, model="offline")

    assert len(found.scores) == 2


def test_cases_come_as_rows_cases_a_dataset_or_a_file(nowhere):
    own = [promptgit.Case("one", {"name": "Ada", "message": "Hi"}, "Hello Ada")]
    Path("cases.csv").write_text("name,message,expected\nAda,Hi,Hello Ada\n", encoding="utf-8")

    for cases in (own, promptgit.Dataset(tuple(own)), ROWS[:1], "cases.csv", Path("cases.csv")):
        found = promptgit.evaluate(GREET, cases=cases, scorers="equals", model=greeter)
        assert (len(found.cases), found.mean) == (1, 1.0)


def test_functions_score_with_a_bool_a_number_or_a_score(nowhere):
    def named(case, output):
        return case.inputs["name"] in output

    def half(case, output):
        return 0.5

    def long(case, output, *, answer):
        return promptgit.Score(0.0, f"{answer.finish_reason}, too short")

    found = promptgit.evaluate(GREET, cases=ROWS, scorers=[named, half, long], model=greeter)

    assert [found.metric_mean(m.name) for m in found.metrics] == [1.0, 0.5, 0.0]
    assert found.results[0].scores["long"].why == "stop, too short"
    assert found.mean == 0.5


def test_functions_and_written_scorers_go_together_each_with_a_name(nowhere):
    scorers = [lambda c, o: 1, {"type": "icontains", "value": "hello", "weight": 3}, lambda c, o: 0]

    found = promptgit.evaluate(GREET, cases=ROWS, scorers=scorers, model=greeter)

    assert [metric.name for metric in found.metrics] == ["icontains", "scorer", "scorer-2"]
    assert found.mean == pytest.approx(4 / 5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scorers": [lambda case, output: "good"]}, "returned 'good', which is no score"),
        ({"scorers": [lambda case, output: 2.0]}, "between 0 and 1"),
        ({"scorers": [{"value": "x"}]}, "a scorer says its type"),
        ({"scorers": ["exakt"]}, "no scorer is called 'exakt'"),
        ({"scorers": [{"type": "contains", "valeu": "x"}]}, "valeu"),
        ({"scorers": []}, "nothing would be measured"),
        ({"scorers": [3]}, "3 is no scorer"),
        ({"model": 3}, "3 is no model"),
        ({"model": lambda messages: None}, "returned None, not a text"),
        ({"cases": ["just words"]}, "row 1: 'just words' is no case"),
        ({"cases": None}, "there are no cases for the prompt 'greet'"),
        ({"budget": "much"}, "is not a budget"),
        ({"budget": 500}, "500 is no budget"),
        ({"cases": 5}, "row 1: 5 is no case"),
        ({"cases": []}, "there are no cases in it"),
        ({"limit": 0}, "`limit` is 0"),
        ({"ref": "HEAD"}, "a Prompt has its revision"),
    ],
)
def test_what_is_wrong_is_said_by_an_error_of_ours(nowhere, options, message):
    given = {"cases": ROWS, "scorers": "equals", "model": greeter, **options}

    with pytest.raises(promptgit.UserError, match=message):
        promptgit.evaluate(GREET, **given)


def test_a_text_is_not_taken_for_a_name(office: Repository):
    with pytest.raises(promptgit.UserError, match="the text of a prompt") as error:
        promptgit.evaluate("Be kind.\nBe brief.", repo=office.path)

    assert "Prompt.of" in error.value.hint


def test_an_error_of_the_callers_own_function_comes_through_as_it_is(nowhere):
    def broken(case, output):
        return output[99]

    with pytest.raises(IndexError):
        promptgit.evaluate(GREET, cases=ROWS, scorers=broken, model=greeter)


def test_a_network_that_is_down_leaves_a_case_unscored(nowhere):
    def flaky(messages):
        if "Bo" in messages[0]["content"]:
            raise ConnectionError("no route")
        return greeter(messages)

    found = promptgit.evaluate(GREET, cases=ROWS, scorers="equals", model=flaky)

    assert len(found.unscored) == 1
    assert found.failures[0].failure.kind == "connection"


def test_nothing_at_all_to_score_is_an_error_of_the_world(nowhere):
    def down(messages):
        raise ConnectionError("no route")

    with pytest.raises(promptgit.WorldError, match="none of 2 answers"):
        promptgit.evaluate(GREET, cases=ROWS, scorers="equals", model=down)


def test_answers_of_the_callers_own_model_are_not_remembered(office: Repository):
    model = ScriptedModel("tool")

    for _ in range(2):
        promptgit.evaluate("sort", repo=office.path, model=model)

    assert model.calls == 60


def test_one_budget_may_be_shared_and_ends_the_call(office: Repository):
    budget = promptgit.Budget(promptgit.Cap(calls=35))

    promptgit.evaluate("sort", repo=office.path, model=ScriptedModel("tool"), budget=budget)
    with pytest.raises(promptgit.BudgetSpent, match="35 calls"):
        promptgit.evaluate("sort", repo=office.path, model=ScriptedModel("tool"), budget=budget)

    assert budget.spend.calls == 35


def test_values_can_be_sent_to_another_process_and_cut_to_size(nowhere):
    found = promptgit.evaluate(GREET, cases=ROWS, scorers="equals", model=greeter)

    again = pickle.loads(pickle.dumps(found))
    part = found.on(found.cases.first(1))

    assert (again.mean, again.prompt) == (found.mean, found.prompt)
    assert repr(part) == "<Evaluation of greet: 1.000 on 1 of 1 cases, function/greeter>"


def test_progress_is_told_of_each_answer(office: Repository):
    told = []

    promptgit.evaluate("sort", repo=office.path, limit=4, repeats=2, progress=told.append)

    assert [step.done for step in told] == list(range(1, 9))
    assert {step.total for step in told} == {8}
    assert str(told[-1]) == "evaluating: 8 of 8, 8 calls"


def test_it_may_be_called_from_many_threads_in_different_repositories(tmp_path: Path):
    offices = [an_office(tmp_path / f"office-{n}", per_label=3 + n) for n in range(4)]
    found: dict[int, int] = {}

    def work(number: int) -> None:
        found[number] = len(promptgit.evaluate("sort", repo=offices[number].path).results)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {0: 9, 1: 12, 2: 15, 3: 18}
    assert Path.cwd() == Path(os.getcwd())
