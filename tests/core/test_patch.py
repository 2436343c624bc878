"""Shapes of a patch that are refused, and what a refusal says."""

import pytest

from core.replies import HEAD, PATH, POLITE, TEXT, WARM, hunk, read
from promptgit.core.patch import MAX_REPLY, Refusal

OTHER = "@@ -1 +1 @@\n-You answer customers.\n+x\n"
META = f"diff --git a/{PATH} b/{PATH}\n"

REFUSED = {
    "6 ambiguous": (hunk("-- again\n+- once\n", "@@"), "- again\nx\n- again\n", "2 places"),
    "a tie that wrong numbers would break": (
        hunk("-- again\n+- once\n", "@@ -3,2 +3,2 @@"),
        "- again\nx\n- again\n",
        "lines 1, 3",
    ),
    "a tie that a wrong old count would break": (
        hunk("-- again\n+- once\n", "@@ -3,2 +3 @@"),
        "- again\nx\n- again\n",
        "lines 1, 3",
    ),
    "a tie that a wrong new count would break": (
        hunk("-- again\n+- once\n", "@@ -3 +3,2 @@"),
        "- again\nx\n- again\n",
        "lines 1, 3",
    ),
    "a tie that a wrong new start would break": (
        hunk("-- again\n+- once\n", "@@ -3 +7 @@"),
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
    "18 one changes what the other keeps": (
        hunk("-a\n+A\n b\n", "@@") + "@@\n-b\n+B\n",
        "a\nb\n",
        "overlap",
    ),
    "18 one keeps what the one before changes": (
        hunk("-a\n-b\n+B\n", "@@") + "@@\n b\n-c\n",
        "a\nb\nc\n",
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
    "a fence after the diff that never ends": (
        f"```diff\n{hunk(POLITE)}```\nAnd\n```\nx\n",
        TEXT,
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
