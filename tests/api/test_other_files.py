"""The library reads what the commands read: pipelines, and files of other tools."""

from __future__ import annotations

import promptgit
from cli.test_pipelines import CASES, FLOW, REPLY, REPLYING, SORT, SORTING, STEPS, some_cases
from promptgit.testing.repositories import a_repository

MODELS_FILE = """\
messages:
  - role: system
    content: Greet {{name}}.
  - role: user
    content: "{{message}}"
"""


def test_a_pipeline_is_evaluated_end_to_end(tmp_path):
    files = {SORT: SORTING, REPLY: REPLYING, FLOW: STEPS, CASES: some_cases()}
    desk = a_repository(tmp_path / "desk", files)

    found = promptgit.evaluate("answer", repo=desk.path)
    own = promptgit.evaluate(
        "answer", repo=desk.path, model=lambda messages: "refund team", limit=4
    )

    assert found.mean == 1.0
    assert [step.text for step in found.results[0].steps] == ["refund", "refund team"]
    assert own.mean == 0.5
    assert "answer" in found._repr_html_()


def test_a_prompt_file_of_another_tool_is_ready_for_a_chat_client(tmp_path):
    desk = a_repository(tmp_path / "desk", {"prompts/greet.prompt.yml": MODELS_FILE})

    prompt = promptgit.load("greet", repo=desk.path)

    assert prompt.messages(name="Ada", message="Hi") == [
        {"role": "system", "content": "Greet Ada."},
        {"role": "user", "content": "Hi"},
    ]
