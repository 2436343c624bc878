"""Pull requests that would send the key elsewhere, or have somebody else answer."""

from __future__ import annotations

import json
import sys
from types import ModuleType

import pytest

from cli.terminal import PROMPT, WORDS
from promptgit.core.dataset import Case
from promptgit.core.ports import ModelIdentity, Request, canonical
from promptgit.core.prompt import Prompt
from promptgit.edges.cache import SqliteAnswers
from promptgit.scorers.llm_rubric import conversation
from redteam.attack import CASES, CONFIG, EQUALS, EVAL, GOOD, MODEL, SAME, WORSE

REDIRECTS = {
    "model": "model: {{name: m, base_url: '{url}'}}\n",
    "provider": "model: m\nproviders: {{openai: {{base_url: '{url}'}}}}\n",
    "top": "model: m\nbase_url: '{url}'\n",
    "name": "model: '{url}/m'\n",
    "proxy": "model: m\nhttps_proxy: '{url}'\n",
    "headers": "model: {{name: m, extra_headers: {{Host: '{url}'}}}}\n",
    "judge": "model: m\njudge: {{name: m, api_base: '{url}'}}\n",
    "embedder": "model: m\nembedder: '{url}'\n",
    "another variable": "model: m\nproviders: {{x: {{api_key_env: GITHUB_TOKEN}}}}\n",
    "in a list": "model: m\nimprove: {{options: {{a: [{{b: {{BaseURL: '{url}'}}}}]}}}}\n",
}


@pytest.mark.parametrize("config", REDIRECTS.values(), ids=REDIRECTS)
def test_the_config_redirects_the_provider(machine, config):
    text = config.format(url=machine.listener.base_url)

    judged = machine.opens({PROMPT: WORSE, CONFIG: text}).judges()

    assert judged.is_red


@pytest.mark.parametrize("where", ["model: {{name: m, base_url: '{url}'}}", "api_base: '{url}'"])
def test_the_eval_file_redirects_the_provider(machine, where):
    text = EQUALS + where.format(url=machine.listener.base_url) + "\n"

    judged = machine.opens({PROMPT: SAME, EVAL: text}).judges()

    assert judged.is_red


def test_files_that_other_tools_read_set_an_address(machine):
    url = machine.listener.base_url
    dotenv = f"OPENAI_BASE_URL={url}\nOPENAI_API_BASE={url}\nHTTPS_PROXY={url}\nHTTP_PROXY={url}\n"
    names = (".envrc", "prompts/.env", ".env.local", ".promptgit/config.yaml", ".openairc")
    with machine.pull_request() as repository:
        repository.git("rm", "--quiet", ".gitignore")
        repository.write({".env": dotenv})
        repository.commit({PROMPT: WORSE, ".env": dotenv, **dict.fromkeys(names, dotenv)})

    assert machine.judges().verdict == "REGRESSION"


def test_the_config_has_the_name_that_is_not_read(machine):
    judged = machine.opens({PROMPT: WORSE, "promptgit.yml": "check: {margin: 1}\n"}).judges()

    assert judged.is_red


def a_recording(of: tuple[str, ...], identity: ModelIdentity, rows: list[str]) -> str:
    """What a model of that identity never said: the right answer to every case."""
    lines = [canonical({"identity": identity_facts(identity)})]
    for text in of:
        for row in rows:
            message, label = row.split('"')[1], row.rpartition(",")[2]
            request = Request(Prompt.of(text).render({"message": message}), 0)
            answer = {"text": label, "usage": {"input_tokens": 1, "output_tokens": 1}}
            lines.append(canonical({"key": request.key(identity), "answer": answer}))
    return b"\n".join(lines).decode() + "\n"


def identity_facts(identity: ModelIdentity) -> dict[str, object]:
    return {
        "provider": identity.provider,
        "model": identity.model,
        "host": identity.host,
        "options": dict(identity.options),
    }


@pytest.mark.parametrize("place", [CONFIG, EVAL])
def test_the_model_is_a_recording_of_good_answers(machine, place):
    rows = (machine.repository.path / CASES).read_text().splitlines()[1:]
    own = ModelIdentity("openai", "m", machine.provider.base_url.partition("//")[2][:-3], {})
    recording = a_recording((WORSE,), own, rows)
    told = {CONFIG: "model: replay/good.jsonl\n", EVAL: f"{EQUALS}model: replay/good.jsonl\n"}

    judged = machine.opens({PROMPT: WORSE, "good.jsonl": recording, place: told[place]}).judges()

    assert judged.is_red


def test_what_a_recorded_judge_says_is_not_kept_as_the_real_ones_words(machine):
    assertion = "{type: llm-rubric, value: names the kind}"
    machine.base({EVAL: f"assert: [{assertion}]\n"})
    own = ModelIdentity("openai", "m", machine.provider.base_url.partition("//")[2][:-3], {})
    case = Case("new", {"message": "One lynx"})
    asked = [
        Request(conversation(case, answer, "names the kind")) for answer in ("unknown", "animal")
    ]
    answer = {"text": '{"score": 1, "reason": "fine"}', "usage": {}}
    entries = [{"key": request.key(own), "answer": answer} for request in asked]
    recording = [{"identity": identity_facts(own)}, *entries]

    judged = machine.opens(
        {
            PROMPT: WORSE,
            CASES: 'id,message,label\nnew,"One lynx",animal\n',
            CONFIG: f"{MODEL}judge: replay/judge.jsonl\n",
            "judge.jsonl": "".join(canonical(line).decode() + "\n" for line in recording),
        }
    ).judges()

    store = SqliteAnswers(machine.repository.path / ".git/promptgit/cache.db")
    assert [store.get(request.key(own)) for request in asked] == [None, None]
    assert judged.is_red


def test_the_model_is_one_that_obeys_whatever_it_is_told_and_calls_nobody(machine):
    judged = machine.opens({PROMPT: WORSE, CONFIG: "model: offline\n"}).judges()

    assert judged.is_red


def test_a_recording_that_base_uses_is_recorded_anew(machine):
    rows = (machine.repository.path / CASES).read_text().splitlines()[1:]
    own = ModelIdentity("openai", "m", "", {})
    machine.base(
        {
            CONFIG: "model: replay/answers.jsonl\n",
            "answers.jsonl": a_recording((GOOD,), own, rows),
        }
    )

    judged = machine.opens(
        {PROMPT: WORSE, "answers.jsonl": a_recording((GOOD, WORSE), own, rows)}
    ).judges()

    assert judged.is_red


def test_an_unpriced_model_evades_the_cap_in_dollars(machine):
    prices = "prices: {m: {input: 1, output: 1}}\n"
    machine.base({CONFIG: f"{MODEL}budget: {{usd: 5}}\n{prices}"})
    config = f"model: unheard-of\nbudget: {{usd: 5}}\n{prices}"

    judged = machine.opens({PROMPT: SAME, CONFIG: config}).judges()

    assert judged.is_red
    assert machine.provider.calls == 0


EMBEDDERS = ("sentence-transformers/evil", "sentence-transformers")


@pytest.mark.parametrize("name", EMBEDDERS)
def test_a_folder_of_the_pull_request_is_taken_for_a_model_of_sentences(machine, monkeypatch, name):
    library = ModuleType("sentence_transformers")

    class SentenceTransformer:
        """Runs the modules that a local folder names, as the library does."""

        def __init__(self, path: str) -> None:
            from pathlib import Path

            if Path(path).is_dir():
                exec((Path(path) / "module.py").read_text())

        def encode(self, text: str, **_: object) -> list[float]:
            return [1.0, float(len(text))]

    library.SentenceTransformer = SentenceTransformer
    monkeypatch.setitem(sys.modules, "sentence_transformers", library)
    similar = "assert: [similar]\n"
    base = {EVAL: similar}
    if name == EMBEDDERS[1]:
        base[CONFIG] = f"{MODEL}embedder: sentence-transformers\n"
    machine.base(base)
    monkeypatch.chdir(machine.repository.path)

    machine.opens(
        {
            PROMPT: SAME,
            CONFIG: f"{MODEL}embedder: {name}\n",
            "evil/module.py": machine.payload,
            "all-MiniLM-L6-v2/module.py": machine.payload,
        }
    )

    machine.judges()


def test_only_what_a_case_says_is_sent(machine):
    machine.opens({PROMPT: WORSE}).judges()

    bodies = [json.dumps(seen.body) for seen in machine.provider.seen]
    assert all(any(word in body for words in WORDS.values() for word in words) for body in bodies)
