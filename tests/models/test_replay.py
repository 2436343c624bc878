import pytest

from promptgit.core.ports import Answer, ModelIdentity, Request, Usage
from promptgit.core.prompt import Message
from promptgit.errors import CallFailed, UserError
from promptgit.models.replay import Recording, factory
from promptgit.testing.scripted import ScriptedModel

SAID = Answer("Grüße \ud83d", Usage(10, 5, 2), 0.25, 1.5, "length", "gpt-5-mini-2026-08-07")
HELLO = Request((Message("user", "hello"),))


def a_recording(path):
    identity = ModelIdentity("openai", "gpt-5-mini", "api.openai.com", {"temperature": 0})
    Recording(ScriptedModel([SAID], identity=identity), path).complete(HELLO)
    return identity


def test_a_replay_answers_as_the_recorded_model_did(tmp_path):
    identity = a_recording(tmp_path / "answers.jsonl")

    replay = factory(f"replay/{tmp_path / 'answers.jsonl'}", options={})

    assert replay.complete(HELLO) == SAID
    assert replay.identity == identity


def test_a_request_that_was_not_recorded_is_fatal(tmp_path):
    a_recording(tmp_path / "answers.jsonl")
    replay = factory(str(tmp_path / "answers.jsonl"), options={})

    with pytest.raises(CallFailed, match="no answer to this request") as caught:
        replay.complete(Request(HELLO.messages, repeat=1))

    assert caught.value.fatal


@pytest.mark.parametrize("content", ["", "{}", "nonsense", '{"identity": {"provider": "x"}}'])
def test_a_file_that_is_no_recording_is_the_users_error(tmp_path, content):
    (tmp_path / "answers.jsonl").write_text(content)

    with pytest.raises(UserError, match="is not a recording"):
        factory(str(tmp_path / "answers.jsonl"), options={})


def test_a_recording_that_is_missing_is_the_users_error(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        factory(str(tmp_path / "missing.jsonl"), options={})


def test_a_recording_takes_no_options(tmp_path):
    a_recording(tmp_path / "answers.jsonl")

    with pytest.raises(UserError, match="takes no options"):
        factory(str(tmp_path / "answers.jsonl"), options={"temperature": 1})
