"""A prompt, and what the guard says to an edit of it."""

from promptgit.core.dataset import Case
from promptgit.core.patch import derive
from promptgit.core.prompt import Prompt
from promptgit.improve.guard import guard

TEXT = """\
You answer customers of a bicycle shop.

- Be polite.
- Name the order {{ order_id }}.

Sign with your name.
"""


def a_case(name="c1", expected="Your order is on its way.", **inputs):
    return Case(name, inputs or {"comment": "Where is it?"}, expected)


def asked(after, *, before=TEXT, cases=(), limits=None, includes=None, template="jinja"):
    """The guard's reason to refuse the edit; empty when it lets it through."""
    prompt = Prompt(before, "0" * 40, "p", includes or {}, template)
    refusal = guard(derive("p.md", before, after), prompt, cases, limits)
    return refusal.reason if refusal is not None else ""


def added(line, **options):
    return asked(TEXT.replace("- Be polite.\n", f"- Be polite.\n{line}\n"), **options)
