"""The worked example's prompt as a persona of three, with the offline model as model and mentor."""

from __future__ import annotations

from pathlib import Path

from cli.terminal import promptgit
from promptgit.testing.repositories import Repository, a_repository

EXAMPLE = Path(__file__).parents[2] / "prompts"
PERSONA = "prompts/persona.md"
SHORT = "assert: [{type: word-count, value: {max: 12}}]\n"
NO_HELLO = 'assert: [{type: not-contains, value: "Hi "}]\nweight: 0.05\n'


def a_shop(path: Path, texting: str) -> Repository:
    """Replies by mail and by phone are graded as in the example; `texting` grades the third."""
    graded = (EXAMPLE / "support-reply.eval.yaml").read_text()
    files = {
        "promptgit.yaml": "model: offline\ncheck: {margin: 0.15}\nimprove: {rounds: 3}\n",
        PERSONA: (EXAMPLE / "support-reply.md").read_text(),
    }
    for name in ("mail", "phone", "text"):
        files[f"prompts/{name}.md"] = '{% include "persona.md" %}\n'
        files[f"prompts/{name}.csv"] = (EXAMPLE / "support-reply.csv").read_text()
        files[f"prompts/{name}.eval.yaml"] = graded.replace("support-reply", name)
    return a_repository(path, {**files, "prompts/text.eval.yaml": texting})


def test_what_helps_two_and_hurts_nobody_is_one_commit_of_one_file(tmp_path: Path):
    shop = a_shop(tmp_path / "shop", SHORT)

    said = promptgit(shop, "improve", PERSONA)

    assert said.code == 0, said.err
    assert sum("no worse" in line for line in said.lines) == 3
    for commit in shop.git("rev-list", "HEAD~1..HEAD").split():
        assert shop.git("diff-tree", "--no-commit-id", "--name-only", "-r", commit) == PERSONA


def test_what_helps_two_and_hurts_the_third_is_refused_with_its_name(tmp_path: Path):
    shop = a_shop(tmp_path / "shop", NO_HELLO)

    said = promptgit(shop, "improve", PERSONA)

    assert "dropped: it harms text: 1.0000 -> " in said.err
    assert "Start with" not in (shop.path / PERSONA).read_text()
