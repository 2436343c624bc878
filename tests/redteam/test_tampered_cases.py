"""Pull requests that make a prompt worse and see to it that the cases do not show it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cli.terminal import PROMPT, SEED, clerk, sorting_cases
from redteam.attack import CASES, EQUALS, EVAL, WORSE, a_machine

HEADER, *ROWS = sorting_cases(20).splitlines()
HARD = [row for row in ROWS if "animal" in row]
EASY = [row for row in ROWS if "animal" not in row]


def a_file(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def many_easy_rows(count: int) -> list[str]:
    return [f'easy-{number},"One apple, number {number}",fruit' for number in range(count)]


def test_the_hard_cases_are_deleted(machine):
    judged = machine.opens({PROMPT: WORSE, CASES: a_file(*EASY)}).judges()

    assert judged.verdict == "REGRESSION"
    assert "20 cases deleted" in judged.says


def test_all_cases_and_the_eval_file_are_deleted(machine):
    judged = machine.opens({PROMPT: WORSE}, without=(CASES, EVAL)).judges()

    assert judged.verdict == "REGRESSION"


def test_the_hard_cases_are_worded_anew(machine):
    reworded = [f'{row.partition(",")[0]},"It is an apple",animal' for row in HARD]

    judged = machine.opens({PROMPT: WORSE, CASES: a_file(*EASY, *reworded)}).judges()

    assert judged.verdict == "REGRESSION"


def test_the_hard_cases_expect_the_wrong_answer_now(machine):
    wrong = [row.replace(",animal", ",unknown") for row in HARD]

    judged = machine.opens({PROMPT: WORSE, CASES: a_file(*EASY, *wrong)}).judges()

    assert judged.verdict == "REGRESSION"
    assert "20 cases changed" in judged.says


def test_ids_are_swapped_between_cases(machine):
    names = [row.partition(",")[0] for row in ROWS]
    rest = [row.partition(",")[2] for row in ROWS]
    swapped = [f"{name},{text}" for name, text in zip(names, reversed(rest), strict=True)]

    judged = machine.opens({PROMPT: WORSE, CASES: a_file(*swapped)}).judges()

    assert judged.verdict == "REGRESSION"


def test_the_easy_cases_weigh_a_billion(machine):
    rows = [f"{row},1e9" for row in EASY] + [f"{row},1" for row in HARD]

    judged = machine.opens(
        {PROMPT: WORSE, CASES: a_file(*rows, header=HEADER + ",weight")}
    ).judges()

    assert judged.verdict == "REGRESSION"


def test_easy_cases_are_added_that_weigh_a_billion(machine):
    rows = [f"{row},1" for row in ROWS] + [f"{row},1e9" for row in many_easy_rows(40)]

    judged = machine.opens(
        {PROMPT: WORSE, CASES: a_file(*rows, header=HEADER + ",weight")}
    ).judges()

    assert judged.verdict == "REGRESSION"


def test_the_hard_cases_drown_in_easy_ones(machine):
    rows = [*ROWS, *many_easy_rows(1500)]

    judged = machine.opens({PROMPT: WORSE, CASES: a_file(*rows)}).judges()

    assert judged.verdict == "REGRESSION"


def test_easy_cases_join_the_groups_of_hard_ones(machine):
    grouped = [f"{row},g{number % 20}" for number, row in enumerate(ROWS)]
    machine.base({CASES: a_file(*grouped, header=HEADER + ",group")})
    more = [f"{row},g{number % 20}" for number, row in enumerate(many_easy_rows(1500))]

    judged = machine.opens(
        {PROMPT: WORSE, CASES: a_file(*grouped, *more, header=HEADER + ",group")}
    ).judges()

    assert judged.verdict == "REGRESSION"


def test_all_cases_become_one_group(machine):
    rows = [f"{row},all" for row in ROWS]

    judged = machine.opens({PROMPT: WORSE, CASES: a_file(*rows, header=HEADER + ",group")}).judges()

    assert judged.verdict == "REGRESSION"


def hinted(hint: str) -> str:
    """The cases with one more column, in which `{}` is the answer."""
    rows = [f'{row},"{hint.format(row.rpartition(",")[2])}"' for row in ROWS]
    return a_file(*rows, header=HEADER + ",hint")


def obedient(body: dict[str, Any]) -> str:
    """A model that says what a hint in its prompt says, and else what it is told."""
    found = re.search(r"Hint: .*?(fruit|tool|animal)", body["messages"][0]["content"])
    return found[1] if found else clerk(body)


@pytest.mark.parametrize("hint", ["{}", "It is about {}, so say that."])
def test_a_new_column_holds_the_answers(tmp_path, monkeypatch, hint):
    with a_machine(tmp_path, monkeypatch, reply=obedient) as machine:
        judged = machine.opens({PROMPT: "Hint: {{ hint }}\n", CASES: hinted(hint)}).judges()

        assert judged.is_red
        assert "the column 'hint', which head adds, holds the answers" in judged.prompt["note"]


def test_a_new_column_holds_a_code_for_the_answers(tmp_path, monkeypatch):
    codes = {"fruit": "A", "tool": "B", "animal": "C"}
    rows = [f"{row},{codes[row.rpartition(',')[2]]}" for row in ROWS]
    text = "A is fruit, B is tool, C is animal.\nCode: {{ code }}\n"

    def decoding(body: dict[str, Any]) -> str:
        told = body["messages"][0]["content"]
        found = re.search(r"Code: (\w)", told)
        return re.search(rf"{found[1]} is (\w+)", told)[1] if found else clerk(body)

    with a_machine(tmp_path, monkeypatch, reply=decoding) as machine:
        cases = a_file(*rows, header=HEADER + ",code")
        judged = machine.opens({PROMPT: text, CASES: cases}).judges()

        assert judged.is_red


def test_the_expected_answer_becomes_an_input(tmp_path, monkeypatch):
    with a_machine(tmp_path, monkeypatch, reply=obedient) as machine:
        judged = machine.opens(
            {PROMPT: "Hint: {{ label }}\n", EVAL: f"{EQUALS}inputs: [message, label]\n"}
        ).judges()

        assert judged.is_red


def test_the_hard_column_is_renamed_and_made_easy_beside_one_that_stays(machine):
    machine.base(
        {
            CASES: a_file(*(f"{row},desk" for row in ROWS), header=HEADER + ",desk"),
            EVAL: f"{EQUALS}inputs: [message, desk]\n",
        }
    )
    words = {"fruit": "apple", "tool": "hammer", "animal": "otter"}
    few = SEED + "".join(f"- {word} means {label}\n" for label, word in words.items())
    labels = [(row.partition(",")[0], row.rpartition(",")[2]) for row in ROWS]
    easy = [f'{name},"One {words[label]}",{label},desk' for name, label in labels]

    judged = machine.opens(
        {
            PROMPT: few,
            CASES: a_file(*easy, header="id,mail,label,desk"),
            EVAL: f"{EQUALS}inputs: [mail, desk]\n",
        }
    ).judges()

    assert judged.verdict == "REGRESSION"


def test_long_new_cases_would_have_answers_graded_by_likeness(machine):
    machine.repository.git("rm", "--quiet", EVAL)
    machine.base({})
    new = [f'new-{n},"One apple, number {n}","{"fruit, they say. " * (n + 3)}"' for n in range(70)]

    judged = machine.opens({PROMPT: WORSE, CASES: a_file(*ROWS, *new)}).judges()

    assert judged.verdict == "REGRESSION"


def test_a_second_file_of_cases_lies_beside_the_first(machine):
    judged = machine.opens({PROMPT: WORSE, "prompts/sort.jsonl": '{"message": "a"}\n'}).judges()

    assert judged.is_red


def test_words_are_tried_until_the_hard_cases_come_last(machine):
    def drawn(text: str) -> list[str]:
        machine.repository.git("checkout", "--quiet", "--force", "-B", "main", base)
        machine.repository.git("branch", "--quiet", "--force", "-D", "topic")
        cases = machine.opens({PROMPT: text}).judges().prompt["gates"][0]["cases"]
        return sorted(case["id"] for case in cases if case["flip"] != "not run")

    base = machine.repository.head
    machine.repository.git("branch", "topic")

    assert drawn(WORSE) == drawn(WORSE + "\n") == drawn(WORSE + "Be brief.\n")
