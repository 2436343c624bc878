"""Every shape that a model gives a patch: reference cases 1 to 39, and the shapes beyond them."""

import pytest

from promptgit.core.patch import MAX_REPLY, Patch, Refusal, read_patch

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
def test_this_shape_is_applied_right(shape):
    reply, before, after = RIGHT[shape]

    patch = read(reply, before)

    assert isinstance(patch, Patch), patch.reason
    assert patch.after == after


OTHER = "@@ -1 +1 @@\n-You answer customers.\n+x\n"
META = f"diff --git a/{PATH} b/{PATH}\n"

REFUSED = {
    "6 ambiguous": (hunk("-- again\n+- once\n", "@@"), "- again\nx\n- again\n", "2 places"),
    "a tie that wrong numbers would break": (
        hunk("-- again\n+- once\n", "@@ -3,2 +3,2 @@"),
        "- again\nx\n- again\n",
        "lines 1, 3",
    ),
    "8 a bullet taken for a removal": (
        hunk("- Be polite.\n+ Be warm.\n"),
        "- Be concise.\n- Be polite.\n",
        "no such lines",
    ),
    "16 smart quotes": (
        hunk("-Say “hello” first.\n+Say hello.\n"),
        'x\nSay "hello" first.\n',
        "no such lines",
    ),
    "no-break space": (hunk("-Be\u00a0brief.\n+x\n"), "Be brief.\n", "no such lines"),
    "no-break space at a line's end": (hunk("-Be brief.\u00a0\n+x\n"), "Be brief.\n", "no such"),
    "17 already applied": (hunk(POLITE), WARM, "already applied"),
    "17 an insertion already applied": (hunk(" a\n+b\n", "@@"), "a\nb\n", "already applied"),
    "17 an insertion above already applied": (hunk("+b\n c\n", "@@"), "b\nc\n", "already applied"),
    "17 a deletion already applied": (hunk(" a\n-b\n c\n"), "a\nc\n", "already applied"),
    "18 overlapping": (
        hunk(POLITE) + "@@\n-- Be polite.\n+- Be nice.\n",
        TEXT,
        "overlap",
    ),
    "18 one keeps what the other removes": (
        hunk(POLITE) + "@@\n - Be polite.\n-- Name the order.\n",
        TEXT,
        "overlap",
    ),
    "18 two insertions at one place": (
        hunk(" - Be polite.\n+a\n", "@@") + "@@\n+b\n - Name the order.\n",
        TEXT,
        "overlap",
    ),
    "20 two files": (hunk(POLITE) + "--- a/b.md\n+++ b/b.md\n" + OTHER, TEXT, "'a/b.md'"),
    "20 two files, the other first": (
        "--- a/b.md\n+++ b/b.md\n" + OTHER + hunk(POLITE),
        TEXT,
        "'a/b.md'",
    ),
    "another file": ("--- a/b.md\n+++ b/b.md\n" + OTHER, TEXT, "'a/b.md'"),
    "no file's name": ("--- original\n+++ modified\n" + OTHER, TEXT, "'original'"),
    "21 traversal": (
        f"--- a/prompts/../{PATH}\n+++ b/prompts/../{PATH}\n{OTHER}",
        TEXT,
        "only 'prompts/support.md' may",
    ),
    "21 traversal outside": ("--- a/../../x\n+++ b/../../x\n" + OTHER, TEXT, "'a/../../x'"),
    "22 absolute": (f"--- /{PATH}\n+++ /{PATH}\n{OTHER}", TEXT, "'/prompts/support.md'"),
    "23 .git": ("--- a/.git/hooks/x\n+++ b/.git/hooks/x\n" + OTHER, TEXT, "'a/.git/hooks/x'"),
    "24 .GIT": ("--- a/.GIT/hooks/x\n+++ b/.GIT/hooks/x\n" + OTHER, TEXT, "'a/.GIT/hooks/x'"),
    "25 quoted octal": (
        f'--- "a/prompts/\\163upport.md"\n+++ "b/prompts/\\163upport.md"\n{OTHER}',
        TEXT,
        "163upport",
    ),
    "26 rename": (
        f"diff --git a/{PATH} b/x.md\nsimilarity index 100%\nrename from {PATH}\nrename to x.md\n",
        TEXT,
        "names the file",
    ),
    "26 rename with a change": (
        f"{META}rename from {PATH}\nrename to x\n{hunk(POLITE)}",
        TEXT,
        "rename",
    ),
    "copy": (f"{META}copy from {PATH}\ncopy to x\n{hunk(POLITE)}", TEXT, "copy from"),
    "27 mode": (f"{META}old mode 100644\nnew mode 100755\n", TEXT, "old mode"),
    "28 deleted": (
        f"--- a/{PATH}\n+++ /dev/null\n@@ -1,9 +0,0 @@\n-You answer customers.\n",
        TEXT,
        "deletes",
    ),
    "28 deleted, by mode": (f"{META}deleted file mode 100644\n", TEXT, "deleted file mode"),
    "created": (f"--- /dev/null\n+++ b/{PATH}\n@@ -0,0 +1 @@\n+x\n", TEXT, "creates"),
    "29 a new symlink": (f"{META}new file mode 120000\n", TEXT, "new file mode"),
    "29 a symlink": (f"{META}index 1ab..2cd 120000\n{hunk(POLITE)}", TEXT, "symbolic link"),
    "30 binary": (f"{META}GIT binary patch\nliteral 12\nzcmV\n", TEXT, "GIT binary"),
    "binary files differ": (
        f"{META}Binary files a/{PATH} and b/{PATH} differ\n",
        TEXT,
        "Binary files",
    ),
    "31 submodule": (
        f"{META}index 1ab..2cd 160000\n{HEAD}@@ -1 +1 @@\n"
        "-Subproject commit 1\n+Subproject commit 2\n",
        TEXT,
        "submodule",
    ),
    "32 a long binary line": ("Binary files" + " and x" * 16000 + "\n", TEXT, "longer than 64 kB"),
    "32 a long binary line below the size": (
        META + "Binary files" + " and x" * 4000 + "\n",
        TEXT,
        "line longer than 4 kB",
    ),
    "33 ten megabytes": (hunk("+x\n" * 3_500_000), TEXT, "longer than 64 kB"),
    "a combined diff": ("```diff\n@@@ -1 -1 +1 @@@\n- x\n```", TEXT, "combined"),
    "39 prose": ("I would make the prompt warmer.", TEXT, "only prose"),
    "39 a refusal": ("I'm sorry, but I can't help with that.", TEXT, "only prose"),
    "39 nothing": ("", TEXT, "only prose"),
    "4 a header and no hunk": (HEAD, TEXT, "changes nothing"),
    "only context": (hunk(" - Be polite.\n"), TEXT, "changes nothing"),
    "a removal put back": (hunk("-- Be polite.\n+- Be polite.\n"), TEXT, "changes nothing"),
    "context that lost its space": (
        f"```diff\n{hunk('- Be concise.' + chr(10) + '-- Be polite.' + chr(10))}```",
        TEXT,
        "no such lines",
    ),
    "prose context that lost its space": (
        f"```diff\n{hunk(' ' + chr(10) + 'Never promise a refund.' + chr(10) + '+x' + chr(10))}```",
        TEXT,
        "neither a space, + nor -",
    ),
    "an added line that lost its plus": (
        hunk(" - Be concise.\n+- Be warm.\nand kind.\n - Be polite.\n"),
        TEXT,
        "neither a space, + nor -",
    ),
    "an added paragraph that lost its plus, at the end": (
        hunk(" Sign with your name.\n+\n\nThen stop.\n", "@@ -9,1 +9,4 @@"),
        TEXT,
        "neither a space, + nor -",
    ),
    "a fence in the context that lost its space": (
        "```diff\n" + hunk("-a\n+b\n```\nx\n```\n-c\n+d\n") + "```\n",
        "a\n```\nx\n```\nc\n",
        "fences do not pair",
    ),
    "a hunk after the fence": (
        f"```diff\n{hunk(POLITE)}```\n@@ -9 +9 @@\n-Sign with your name.\n+Sign.\n",
        TEXT,
        "outside its fence",
    ),
    "a hunk without a change that does not fit": (
        hunk("  - Ask first.\n - Be concise.\n", "@@") + "@@\n-Sign with your name.\n+Sign.\n",
        TEXT,
        "the part around",
    ),
    "only additions, no context": (hunk("+x\n", "@@ -3,0 +4 @@"), TEXT, "none of the lines around"),
    "paraphrased context": (hunk(" - Please be concise\n-- Be polite.\n+x\n"), TEXT, "no such"),
    "a search that is not there": (
        "<<<<<<< SEARCH\n- Be rude.\n=======\n- x\n>>>>>>> REPLACE\n",
        TEXT,
        "no such lines",
    ),
    "a search that is there twice": (
        "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n",
        "a\nx\na\n",
        "2 places",
    ),
    "a search that was cut": ("<<<<<<< SEARCH\n- Be polite.\n=======\n- x\n", TEXT, "no end"),
    "a search with an underline": (
        "<<<<<<< SEARCH\nTitle\n=======\n=======\nTitle\n=======\nx\n>>>>>>> REPLACE\n",
        "Title\n=======\n",
        "one line =======",
    ),
    "an empty search": ("<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE\n", TEXT, "none of the lines"),
    "a search of another file": (
        "prompts/other.md\n```\n<<<<<<< SEARCH\n- Be polite.\n=======\nx\n>>>>>>> REPLACE\n```\n",
        TEXT,
        "'prompts/other.md'",
    ),
    "a search and a diff": (
        "<<<<<<< SEARCH\n- Be polite.\n=======\nx\n>>>>>>> REPLACE\n" + hunk(POLITE),
        TEXT,
        "only one",
    ),
    "a snippet": ("Write this:\n```text\n- Be warm.\n```\n", TEXT, "only a part"),
    "a whole file never closed": (f"```text\n{WARM}", TEXT, "never closed"),
    "a whole file for another path": (f"```text prompts/b.md\n{WARM}```\n", TEXT, "'prompts/b.md'"),
    "a whole file with a part left out": (
        f"```text\n{WARM.replace('Sign with your name.', '(rest unchanged)')}```\n",
        TEXT,
        "left out",
    ),
    "a diff with a part left out": (hunk(" - Be polite.\n+...\n", "@@"), TEXT, "left out"),
    "two whole files": (f"```text\n{WARM}```\nor\n```text\n{TEXT}```\n", TEXT, "not certain"),
    "a whole file that changes nothing": (f"```text\n{TEXT}```\n", TEXT, "changes nothing"),
    "half a character": (hunk(POLITE).replace("warm", "\ud83d"), TEXT, "half of a character"),
    "too many edits": (HEAD + "@@\n-a\n+b\n" * 201, TEXT, "more than 200 edits"),
}


@pytest.mark.parametrize("shape", REFUSED)
def test_this_shape_is_refused_with_its_reason(shape):
    reply, before, reason = REFUSED[shape]

    refusal = read(reply, before)

    assert isinstance(refusal, Refusal), refusal.diff
    assert reason in refusal.reason


@pytest.mark.parametrize("finish_reason", ["length", "content_filter"])
def test_a_reply_that_was_cut_is_refused_even_if_it_could_be_applied(finish_reason):
    refusal = read(hunk(POLITE), finish_reason=finish_reason)

    assert "cut" in refusal.reason


def test_a_refusal_shows_the_real_lines_nearest_to_what_was_meant():
    before = 'You help.\nSay "hello" first.\nThen answer.\n'

    refusal = read(hunk("-Say “hello” first.\n-Then  answer.\n+Say hello.\n"), before)

    assert refusal.nearest == 'Say "hello" first.\nThen answer.'


def test_an_ambiguous_edit_is_told_what_stands_around_the_first_place():
    refusal = read(hunk("-- again\n+- once\n", "@@"), "one\n- again\ntwo\n- again\n")

    assert refusal.nearest == "one\n- again\ntwo\n- again"


def test_a_reason_shows_no_control_character_of_the_reply():
    refusal = read("--- a/\x1b[2J\u202e.md\n+++ b/x\n" + OTHER)

    assert refusal.reason.isprintable()


def test_a_whole_file_that_was_asked_for_may_rewrite_most_of_the_text():
    patch = read("```text\nSomething new.\n```\n", whole_file=True)

    assert patch.after == "Something new.\n"


def test_a_diff_is_understood_even_when_the_whole_file_was_asked_for():
    patch = read(f"```diff\n{hunk(POLITE)}```\n", whole_file=True)

    assert patch.after == WARM


def test_prose_is_no_whole_file():
    refusal = read("I'm sorry, I can't do that.", whole_file=True)

    assert "only prose" in refusal.reason


def test_a_whole_file_may_hold_search_markers_of_its_own():
    before = "Answer with:\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n"

    patch = read(f"```text\n{before.replace('with', 'only with')}```\n", before, whole_file=True)

    assert patch.after == before.replace("with", "only with")


def test_the_cap_counts_bytes():
    refusal = read("é\n" * (MAX_REPLY // 3 + 1))

    assert "64 kB" in refusal.reason
