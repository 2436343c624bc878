"""What lint says of a prompt that a change brings, and did not say of it before."""

from __future__ import annotations

from promptgit.cli.lint_settings import eval_faults
from promptgit.cli.subjects import Stand, Subject
from promptgit.config.glance import LintEval, lint_config, lint_eval
from promptgit.config.places import CONFIG_FILE, matches
from promptgit.core.dataset import Case
from promptgit.core.gate import Finding
from promptgit.lint.finding import Severity
from promptgit.lint.linting import lint
from promptgit.lint.rules import RULES
from promptgit.lint.subject import Asked, Numbered, Trouble
from promptgit.lint.subject import Subject as Text


def findings(subject: Subject) -> tuple[Finding, ...]:
    """List the errors and warnings that are new in head; advice is for `promptgit lint`."""
    if subject.after is None:
        return ()
    rules = subject.before or subject.after  # what is ignored, base says
    known = {(f.rule, f.message) for f in _found(subject.before, rules)} if subject.before else ()
    return tuple(f for f in _found(subject.after, rules) if (f.rule, f.message) not in known)


def _found(stand: Stand, rules_of: Stand) -> list[Finding]:
    config = lint_config(rules_of.repository.tree.read(CONFIG_FILE) or b"")
    silent = {
        *config.ignore,
        *(
            name
            for pattern, names in config.per_file.items()
            if matches(stand.path, (pattern,))
            for name in names
        ),
    }
    rules = [
        rule for rule in RULES if rule.severity is not Severity.ADVICE and rule.name not in silent
    ]
    return [
        Finding(
            one.rule,
            "error" if one.severity is Severity.ERROR else "warning",
            one.file,
            one.line,
            one.message,
            one.column,
        )
        for one in lint(_text(stand), rules)
    ]


def _text(stand: Stand) -> Text:
    tree = stand.repository.tree
    data, _ = tree.as_stored(stand.path)
    return Text(
        stand.path,
        data,
        len(data),
        is_template=stand.prompt.template == "jinja",
        asked=_asked(stand)._replace(refused=_refused(stand)),
        read=lambda path: _decoded(tree.read(path)),
    )


def _asked(stand: Stand) -> Asked:
    cases = stand.rules.cases
    if cases is None:
        return Asked()
    first = next(iter(cases), Case("", {}))
    return Asked(
        stand.eval_file.file,
        stand.rules.cases_path,
        tuple(Numbered(0, case) for case in cases),
        tuple(first.inputs),
        next(iter(first.inputs), ""),
        tuple({**first.reference, "expected": ""}),
    )


def _refused(stand: Stand) -> tuple[Trouble, ...]:
    """What `promptgit lint` says of the eval file, with the files of the same state."""
    file, read = stand.eval_file.file, stand.repository.tree.read
    if file == stand.path:
        return ()  # another tool's file, which brings its own cases: it is read as such or refused
    found = lint_eval(read(file) or b"", file) if file else LintEval()
    cases = tuple(stand.rules.cases or ())
    return eval_faults(found, cases, read, case_file=stand.rules.cases_path)


def _decoded(data: bytes | None) -> str | None:
    return None if data is None else data.decode(errors="replace")
