"""Rules on what a user sets: `promptgit.yaml` and the eval file."""

from __future__ import annotations

from lint.looking import a_subject, findings
from promptgit.lint.finding import Place
from promptgit.lint.subject import Asked, Trouble

EVAL = "prompts/reply.eval.yaml"


def test_what_is_refused_in_an_eval_file_is_an_error_where_it_stands():
    refused = (
        Trouble("unknown key 'musst_pass'", "did you mean 'must_pass'?", Place(EVAL, 2, 1)),
        Trouble("no scorer is called 'equal'", "", Place(EVAL, 3, 9)),
    )

    found = findings(a_subject("x\n", asked=Asked(EVAL, refused=refused)))

    assert [(one.rule, one.severity, one.file, one.line, one.column) for one in found] == [
        ("eval-file", "error", EVAL, 2, 1),
        ("eval-file", "error", EVAL, 3, 9),
    ]
    assert found[0].hint == "did you mean 'must_pass'?"


def test_what_is_refused_in_the_config_is_an_error_there():
    trouble = Trouble("unknown key 'modle'", "did you mean 'model'?", Place("promptgit.yaml", 4, 1))
    subject = a_subject("", path="promptgit.yaml", settings=(trouble,))

    (found,) = findings(subject, "config")

    assert (found.rule, found.severity, found.file, found.line) == (
        "config",
        "error",
        "promptgit.yaml",
        4,
    )


def test_nothing_is_said_of_what_nobody_refuses():
    assert findings("x\n", "config") == findings("x\n", "eval-file") == []
