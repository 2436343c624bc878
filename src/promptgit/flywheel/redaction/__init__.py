"""Take what is personal or secret out of text, so that joins still work."""

from promptgit.flywheel.redaction.redactor import Redactor
from promptgit.flywheel.redaction.rules import Finder, Rule, Span

__all__ = ["Finder", "Redactor", "Rule", "Span"]
