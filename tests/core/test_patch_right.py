"""Shapes of a patch that are applied, and how: each that a model was seen to write."""

import pytest

from core.replies import HEAD, PATH, POLITE, TEXT, WARM, hunk, read
from promptgit.core.patch import Patch

RIGHT = {
    "plain": (hunk(POLITE), TEXT, WARM),
    "fenced with prose": (f"Here:\n\n```diff\n{hunk(POLITE)}```\nIt is warmer.\n", TEXT, WARM),
    "fenced without a language": (f"```\n{hunk(POLITE)}```\n", TEXT, WARM),
    "tildes": (f"~~~diff\n{hunk(POLITE)}~~~\n", TEXT, WARM),
    "fence never closed": (f"```diff\n{hunk(POLITE)}", TEXT, WARM),
    "bare with prose around": (f"I suggest:\n{hunk(POLITE)}\nThis is warmer.\n", TEXT, WARM),
    "git preamble": (
        f"diff --git a/{PATH} b/{PATH}\nindex 12ab..34cd 100644\n{hunk(POLITE)}",
        TEXT,
        WARM,
    ),
    "header without prefixes": (f"--- {PATH}\n+++ {PATH}\n@@\n{POLITE}", TEXT, WARM),
    "header with a date": (
        f"--- a/{PATH}\t2026-01-01 00:00:00\n+++ b/{PATH}\t2026-01-01\n@@ -3 +3 @@\n{POLITE}",
        TEXT,
        WARM,
    ),
    "no header": (f"```diff\n@@ -3,3 +3,3 @@\n{POLITE}```", TEXT, WARM),
    "no header and no hunk line": (f"```diff\n{POLITE}```", TEXT, WARM),
    "header repeated for each hunk": (
        hunk(POLITE) + hunk("-Sign with your name.\n+Sign.\n", "@@ -9 +9 @@"),
        TEXT,
        WARM.replace("Sign with your name.", "Sign."),
    ),
    "a fence for each hunk": (
        f"First:\n```diff\n{hunk(POLITE)}```\nThen:\n"
        "```diff\n@@\n-Sign with your name.\n+Sign.\n```\n",
        TEXT,
        WARM.replace("Sign with your name.", "Sign."),
    ),
    "1 counts too small": (
        hunk(" - Be concise.\n-- Be polite.\n+- Be warm.\n+- Be brief.\n - Name the order.\n+x\n"),
        TEXT,
        WARM.replace("warm.\n- Name the order.\n", "warm.\n- Be brief.\n- Name the order.\nx\n"),
    ),
    "counts much too small": (hunk(POLITE, "@@ -3 +3 @@"), TEXT, WARM),
    "2 counts too large": (hunk(POLITE, "@@ -3,30 +3,30 @@"), TEXT, WARM),
    "start off by 20": (hunk(POLITE, "@@ -23,3 +23,3 @@"), TEXT, WARM),
    "3 no hunk numbers": (hunk(POLITE, "@@ ... @@"), TEXT, WARM),
    "bare hunk line": (hunk(POLITE, "@@"), TEXT, WARM),
    "4 hunk line without spaces": (hunk(POLITE, "@@-3,3 +3,3@@"), TEXT, WARM),
    "hunk line with a section": (hunk(POLITE, "@@ -3,3 +3,3 @@ You answer"), TEXT, WARM),
    "5 truncated but exact": (hunk("-- Be polite.\n+- Be warm."), TEXT, WARM),
    "blank context that lost its space": (
        hunk(" - Name the order.\n\n-Never promise a refund.\n+Never promise.\n"),
        TEXT,
        TEXT.replace("promise a refund", "promise"),
    ),
    "blank lines after the hunk": (hunk(POLITE + "\n\n"), TEXT, WARM),
    "blank line before the hunk": (hunk("\n" + POLITE), TEXT, WARM),
    "7 a tie that the numbers break": (
        hunk("-- again\n+- once\n", "@@ -3 +3 @@"),
        "- again\nx\n- again\n",
        "- again\nx\n- once\n",
    ),
    "a tie broken after an earlier hunk has shifted it": (
        HEAD + "@@ -1 +1,2 @@\n head\n+new\n@@ -4 +5 @@\n-- again\n+- once\n",
        "head\n- again\nx\n- again\n",
        "head\nnew\n- again\nx\n- once\n",
    ),
    "9 front matter removed": (
        hunk("----\n-title: a\n----\n Text.\n"),
        "---\ntitle: a\n---\nText.\n",
        "Text.\n",
    ),
    "9 front matter added": (
        hunk("+---\n+title: a\n+---\n Text.\n"),
        "Text.\n",
        "---\ntitle: a\n---\nText.\n",
    ),
    "10 a removed sql comment": (hunk(" a\n--- sql\n b\n"), "a\n-- sql\nb\n", "a\nb\n"),
    "10 a removed sql comment, wrong counts": (
        hunk(" a\n--- sql\n+-- SQL\n b\n", "@@ -1,9 +7,1 @@"),
        "a\n-- sql\nb\n",
        "a\n-- SQL\nb\n",
    ),
    "11 plus signs in a body": (hunk(" a\n+++ x\n b\n"), "a\nb\n", "a\n++ x\nb\n"),
    "11 a body that looks like a header": (
        hunk(" a\n--- sql\n+++ x\n b\n"),
        "a\n-- sql\nb\n",
        "a\n++ x\nb\n",
    ),
    "11 a body that looks like a header before a hunk": (
        hunk(" a\n--- sql\n+++ x\n", "@@ -1,2 +1,2 @@") + "@@ -5 +5 @@\n-e\n+E\n",
        "a\n-- sql\nc\nd\ne\n",
        "a\n++ x\nc\nd\nE\n",
    ),
    "12 crlf file, lf diff": (hunk(POLITE), TEXT.replace("\n", "\r\n"), WARM.replace("\n", "\r\n")),
    "13 lf file, crlf diff": (hunk(POLITE).replace("\n", "\r\n"), TEXT, WARM),
    "mixed line ends stay": (
        hunk(" a\n-b\n+B\n c\n"),
        "a\nb\r\nc\nd\r\n",
        "a\nB\r\nc\nd\r\n",
    ),
    "14 no newline at the end": (hunk(" a\n-b\n+B\n"), "a\nb", "a\nB"),
    "14 with the marker": (
        hunk(" a\n-b\n\\ No newline at end of file\n+B\n\\ No newline at end of file\n"),
        "a\nb",
        "a\nB",
    ),
    "14 a line after the last": (hunk(" b\n+c\n"), "a\nb", "a\nb\nc"),
    "14 the last line removed": (hunk(" a\n-b\n"), "a\nb", "a"),
    "15 odd separators": (
        hunk("-one\u2028line\x0c\x85\n+one\u2028longer\x0c\x85\n"),
        "one\u2028line\x0c\x85\ntwo\n",
        "one\u2028longer\x0c\x85\ntwo\n",
    ),
    "19 hunks out of order": (
        HEAD + "@@ -9 +9 @@\n-Sign with your name.\n+Sign.\n@@ -3,3 +3,3 @@\n" + POLITE,
        TEXT,
        WARM.replace("Sign with your name.", "Sign."),
    ),
    "blanks at line ends differ": (
        hunk(" a\n-b\n+B\n c\n"),
        "a  \nb\t\nc\n",
        "a  \nB\nc\n",
    ),
    "an exact place goes before one that differs in blanks": (
        hunk("-a\n+b\n"),
        "a\nx\na  \n",
        "b\nx\na  \n",
    ),
    "a blank line before the hunk that the file lacks": (
        hunk("\n a\n-b\n+B\n"),
        "x\na\nb\n",
        "x\na\nB\n",
    ),
    "no context, one place": (hunk("-- Be polite.\n+- Be warm.\n", "@@ -4 +4 @@"), TEXT, WARM),
    "a hunk without a change that fits": (
        hunk(" - Be concise.\n", "@@") + f"@@\n{POLITE}",
        TEXT,
        WARM,
    ),
    "hunks that share context": (
        hunk(POLITE) + "@@\n - Name the order.\n \n-Never promise a refund.\n+Never promise.\n",
        TEXT,
        WARM.replace("promise a refund", "promise"),
    ),
    "an empty file gains lines": (hunk("+a\n+b\n", "@@ -0,0 +1,2 @@"), "", "a\nb\n"),
    "a context line that holds a fence": (
        "```diff\n" + hunk(" ```\n-old\n+new\n ```\n") + "```\n",
        "```\nold\n```\n",
        "```\nnew\n```\n",
    ),
    "search and replace": (
        "Do this:\n<<<<<<< SEARCH\n- Be polite.\n=======\n- Be warm.\n>>>>>>> REPLACE\n",
        TEXT,
        WARM,
    ),
    "search and replace, fenced, under its path": (
        f"{PATH}\n```\n<<<<<<< SEARCH\n- Be polite.\n=======\n- Be warm.\n>>>>>>> REPLACE\n```\n",
        TEXT,
        WARM,
    ),
    "two search blocks": (
        "<<<<<<< SEARCH\nSign with your name.\n=======\nSign.\n>>>>>>> REPLACE\n\n"
        "<<<<<<< SEARCH\n- Be polite.\n=======\n- Be warm.\n>>>>>>> REPLACE\n",
        TEXT,
        WARM.replace("Sign with your name.", "Sign."),
    ),
    "search and delete": (
        "<<<<<<< SEARCH\n- Be polite.\n=======\n>>>>>>> REPLACE\n",
        TEXT,
        TEXT.replace("- Be polite.\n", ""),
    ),
    "a whole file": (f"Here it is:\n```text\n{WARM}```\n", TEXT, WARM),
    "a whole file keeps blanks and line ends": (
        "```text\na\nb\nc\nD\n```\n",
        "a  \r\nb\r\nc\nd",
        "a  \r\nb\r\nc\nD",
    ),
    "34 a whole file with a fence inside": (
        '```markdown\nAnswer in JSON:\n```json\n{"a": 2}\n```\nBe brief.\n```\n',
        'Answer in JSON:\n```json\n{"a": 1}\n```\nBe brief.\n',
        'Answer in JSON:\n```json\n{"a": 2}\n```\nBe brief.\n',
    ),
    "34 a whole file with a plain fence inside": (
        "```text\nLike this:\n```\nDear\n```\nBe very brief.\n```\n",
        "Like this:\n```\nDear\n```\nBe brief.\n",
        "Like this:\n```\nDear\n```\nBe very brief.\n",
    ),
    "34 a whole file in a longer fence": (
        "````text\nLike this:\n```\nHello\n```\nBe brief.\n````\n",
        "Like this:\n```\nDear\n```\nBe brief.\n",
        "Like this:\n```\nHello\n```\nBe brief.\n",
    ),
    "96 conflict markers that belong to the text": (
        hunk(" <<<<<<< SEARCH\n-a\n+b\n =======\n"),
        "<<<<<<< SEARCH\na\n=======\n",
        "<<<<<<< SEARCH\nb\n=======\n",
    ),
}


@pytest.mark.parametrize("shape", RIGHT)
def test_this_shape_is_applied_right_and_git_agrees(shape, applied):
    reply, before, after = RIGHT[shape]

    patch = read(reply, before)

    assert isinstance(patch, Patch), patch.reason
    assert patch.after == after
    assert applied(patch) == after
