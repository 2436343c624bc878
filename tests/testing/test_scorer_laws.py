"""check_scorer: every scorer of ours passes, and each law catches its culprit."""

from __future__ import annotations

import threading
import time

import pytest

from promptgit import plugins
from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.errors import CallFailed, UserError
from promptgit.testing import check_scorer
from promptgit.testing.laws import CASES
from scorers.test_every_scorer import CODE, OPTIONS

CASE = Case("mine", {"comment": "Hello"}, "Hello yourself.")
FEW = {"cases": CASES[:1], "outputs": ("", "word")}


def polite(case, output, *, words=("please",)):
    missing = [word for word in words if word not in output]
    return Score(1.0 - len(missing) / len(words), f"missing: {', '.join(missing)}" * bool(missing))


@pytest.mark.parametrize("name", plugins.names("scorers"))
def test_every_scorer_that_there_is_obeys(name):
    if name == "python":
        files = {"fine.py": CODE}
        needs = {"value": "file://fine.py", "allow_code": True, "read_file": files.__getitem__}
        check_scorer(plugins.scorer(name), options=needs, **FEW)
        return
    for options in OPTIONS.get(name, [{"value": "way"}])[-1:]:
        check_scorer(plugins.scorer(name), options=options)


def test_a_fair_scorer_gives_what_the_examples_say():
    check_scorer(polite, [(CASE, "yes, please", 1.0), (CASE, "no", 0.0), (CASE, "maybe")])


def test_a_scorer_may_refuse_an_assertion_and_say_that_its_judge_is_down():
    def careful(case, output):
        if not case.expected:
            raise UserError("nothing is expected")
        raise CallFailed("the judge is down", kind="judge")

    check_scorer(careful, **FEW)


def caught(scorer, law, *examples, **more):
    with pytest.raises(AssertionError, match=law):
        check_scorer(scorer, examples, **{**FEW, **more})


def test_an_example_that_is_scored_otherwise():
    caught(
        polite, r"example 1, case mine.*1 is right, it gave 0 \(missing: please", (CASE, "no", 1)
    )


def test_one_that_raises_on_an_odd_answer():
    caught(lambda case, output: Score(1 / len(output)), "raised ZeroDivisionError.*return a Score")


def test_one_that_gives_more_than_one_or_no_number():
    caught(lambda case, output: Score(2.0 + len(output)), "between 0 and 1.*rescale")
    caught(lambda case, output: Score(float("nan")), "between 0 and 1.*rescale")


def test_one_that_returns_a_bare_number():
    caught(lambda case, output: 1.0, "not a Score: write Score")


def test_one_that_does_not_say_why():
    caught(lambda case, output: Score(0.0), "without a why: say in one sentence")


def test_one_that_says_it_in_several_lines():
    caught(lambda case, output: Score(0.0, "two\nlines"), "several lines")


def test_one_that_says_another_thing_each_time():
    times = iter(range(10_000))

    caught(lambda case, output: Score(next(times) % 2 / 2, "so so"), "first .* then")


def test_one_that_changes_the_case():
    def messy(case, output):
        case.inputs["note"] = output
        return Score(1.0)

    caught(messy, "changed the case", cases=[Case("own", {"comment": "x"}, "y")])


def test_one_whose_parameters_are_not_those_of_a_scorer():
    caught(lambda case: Score(1.0), "two things by position")


def test_one_that_never_ends():
    gone = threading.Event()

    caught(lambda case, output: gone.wait(60), "takes more than 0.2 s", seconds=0.2)
    gone.set()


def test_one_that_keeps_what_belongs_to_a_call():
    last = []

    def forgetful(case, output):
        last[:] = [output]
        time.sleep(0.01)
        return Score(float(last == [output]), "not the same")

    caught(forgetful, "many threads, keep no state")
