import os
import time
from pathlib import Path

import pytest

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.errors import CallFailed, UserError
from promptgit.scorers.python import python

CASE = Case("c-1", {"order": "4417"}, "fine", {"note": "n"})


def graded(code, output="x", *, value="file://tone.py:grade", timeout_s=20.0):
    files = {"tone.py": code}
    return python(
        CASE, output, value=value, allow_code=True, read_file=files.__getitem__, timeout_s=timeout_s
    )


def returning(expression):
    return f"def grade(output, context):\n    return {expression}\n"


@pytest.mark.parametrize(
    ("expression", "score"),
    [
        ("True", Score(1.0, "tone.py:grade says 1")),
        ("False", Score(0.0, "tone.py:grade says 0")),
        ("0.25", Score(0.25, "tone.py:grade says 0.25")),
        ("{'score': 0.5, 'reason': 'so\\nso'}", Score(0.5, "so so")),
        ("{'pass': True, 'reason': 'good'}", Score(1.0, "good")),
        ("{'pass': False, 'score': 0}", Score(0.0, "tone.py:grade says 0")),
    ],
)
def test_a_function_may_return_what_promptfoo_takes(expression, score):
    assert graded(returning(expression)) == score


def test_the_function_sees_the_output_and_the_case():
    code = returning("{'score': 1, 'reason': repr((output, context))}")

    assert graded(code, "é\ud800").why == (
        "('é\\ud800', {'vars': {'order': '4417', 'note': 'n', 'expected': 'fine'}, "
        "'expected': 'fine', 'id': 'c-1'})"
    )


def test_without_a_name_the_function_is_get_assert():
    assert graded("def get_assert(o, c): return 1", value="file://tone.py").value == 1


def test_code_does_not_run_unless_it_is_allowed():
    with pytest.raises(UserError) as refused:
        python(CASE, "x", value="file://tone.py", allow_code=False, read_file=str)

    assert "--allow-code" in refused.value.hint


def test_the_function_runs_without_our_environment_and_away_from_the_work_tree(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    code = "import os\n" + returning(
        "{'score': 'OPENAI_API_KEY' in os.environ or 'PATH' in os.environ,"
        " 'reason': os.getcwd() + str(os.listdir())}"
    )

    score = graded(code)

    assert score.value == 0
    assert score.why.endswith("[]")
    assert os.getcwd() not in score.why


def test_what_the_function_prints_is_not_taken_for_its_answer():
    code = (
        "import os\n"
        "def grade(o, c):\n"
        "    print('{\"graded\": 1}')\n"
        "    os.write(1, b'x')\n"
        "    return 0\n"
    )

    assert graded(code).value == 0


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def grade(o, c:\n", "tone.py, line 1: SyntaxError: "),
        ("import nothing_like_it\n", "tone.py, line 1: ModuleNotFoundError: "),
        ("x = 1\n", "tone.py: it has no function grade"),
        ("import sys\nsys.exit()\n", "tone.py: it ended without an answer"),
    ],
)
def test_a_file_that_does_not_load_is_the_users_error(code, message):
    with pytest.raises(UserError) as refused:
        graded(code)

    assert refused.value.message.startswith(message)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def grade(o, c):\n    return c['vars']['none']\n", "tone.py, line 2: KeyError: 'none'"),
        ("import os\ndef grade(o, c):\n    os._exit(3)\n", "tone.py: it ended without an answer"),
        ("def grade(o, c): return object()\n", "tone.py: TypeError: "),
    ],
)
def test_a_function_that_fails_on_a_case_leaves_it_unscored(code, message):
    with pytest.raises(CallFailed) as failed:
        graded(code)

    assert failed.value.kind == "judge"
    assert failed.value.message.startswith(message)


@pytest.mark.parametrize("returned", ["2", "-0.1", "'good'", "None", "{}", "float('nan')", "[1]"])
def test_what_is_no_grade_is_the_users_error(returned):
    with pytest.raises(UserError, match="returned"):
        graded(returning(returned))


def test_a_function_that_hangs_is_ended_with_all_that_it_started(tmp_path):
    alive = tmp_path / "alive"
    loop = (
        f"import pathlib, time\nwhile True: pathlib.Path({str(alive)!r}).touch(); time.sleep(.01)"
    )
    code = (
        "import subprocess, sys, time\n"
        "def grade(o, c):\n"
        f"    subprocess.Popen([sys.executable, '-c', {loop!r}])\n"
        "    time.sleep(600)\n"
    )

    with pytest.raises(CallFailed, match="took more than 1 s"):
        graded(code, timeout_s=1)

    assert no_longer_touched(alive)


def no_longer_touched(path: Path) -> bool:
    path.unlink(missing_ok=True)
    time.sleep(0.3)
    return not path.exists()


def test_threads_that_the_function_leaves_behind_do_not_hold_us_up():
    code = (
        "import threading, time\n"
        "def grade(o, c):\n"
        "    threading.Thread(target=time.sleep, args=(600,)).start()\n"
        "    return True\n"
    )

    assert graded(code).value == 1


@pytest.mark.parametrize("value", ["return True", "tone.py", 3, ["file://tone.py"]])
def test_code_comes_from_a_file_only(value):
    with pytest.raises(UserError, match="its value is a file"):
        python(CASE, "x", value=value, allow_code=True, read_file=str)
