"""A prompt, and replies that patch it, for the tests of what is applied and what is refused."""

from promptgit.core.patch import read_patch

PATH = "prompts/support.md"
HEAD = f"--- a/{PATH}\n+++ b/{PATH}\n"
TEXT = """\
You answer customers.

- Be concise.
- Be polite.
- Name the order.

Never promise a refund.
Ask for the order number.
Sign with your name.
"""


def read(reply, before=TEXT, **options):
    return read_patch(reply, PATH, before, **options)


def hunk(body, numbers="@@ -3,3 +3,3 @@"):
    return f"{HEAD}{numbers}\n{body}"


POLITE = " - Be concise.\n-- Be polite.\n+- Be warm.\n - Name the order.\n"
WARM = TEXT.replace("- Be polite.", "- Be warm.")
