"""`promptgit suite`, as typed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import PROMPT, SEED, WORDS, a_clerk, an_office, promptgit
from promptgit.cli.wiring import Repository as Opened
from promptgit.core.ports import Request
from promptgit.edges.cache import SqliteAnswers
from promptgit.edges.git import Git
from promptgit.edges.records import Records
from promptgit.edges.runs import RunJournal
from promptgit.models.replay import Recording
from promptgit.testing.repositories import Repository
from promptgit.testing.scripted import ScriptedModel
from servers.openai_server import Seen, Server, serving

LABEL = {word: label for label, words in WORDS.items() for word in words}
SKILLS = {"big": 0.95, "small": 0.6, "twin": 0.6}  # share of the cases that a model gets right
PRICES = "prices:\n  big: {input: 2.5, output: 20.0}\n  small: {input: 0.25, output: 2.0}\n"


def sorter(body: dict[str, Any]) -> str:
    """A model that is right as often as its name says."""
    asked = body["messages"][-1]["content"]
    chance = hashlib.sha256(f"{body['model']} {asked}".encode()).digest()[0] / 256
    right = next((label for word, label in LABEL.items() if word in asked), "unknown")
    return right if chance < SKILLS.get(body["model"], 0.0) else "no idea"


def down(*names: str, fault: str = "404") -> Callable[[int, Seen], str]:
    return lambda _number, seen: fault if seen.body.get("model") in names else ""


@contextmanager
def a_server(monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[Server]:
    with serving(**{"reply": sorter, **options}) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        yield server


@pytest.fixture
def office(tmp_path: Path) -> Repository:
    return an_office(tmp_path / "office", {"promptgit.yaml": f"model: offline\n{PRICES}"})


def by_name(report: Mapping[str, Any]) -> dict[str, Any]:
    return {model["name"]: model for model in report["models"]}


class TestAReport:
    def test_the_current_model_is_always_in_and_the_best_comes_first(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_server(monkeypatch):
            said = promptgit(office, "suite", "sort", "--models", "big,small", "--json")

        assert said.code == 0, said.err
        names = [model["name"] for model in said.json["models"]]
        assert names == ["big", "small", "offline"]
        assert said.json["current"] == "offline"
        assert said.json["tiers"][0] == ["big"]
        assert said.json["ranking"].startswith("big > ")

    def test_it_says_quality_speed_cost_and_what_is_not_settled(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_server(monkeypatch):
            said = promptgit(office, "suite", "sort", "--models", "big,small,twin")

        assert said.code == 0, said.err
        assert re.search(r"offline .* current ", said.out)
        assert re.search(r"Ranking: big > .*small", said.out)
        assert re.search(r"small vs twin not settled|twin vs small not settled", said.out)
        assert re.search(r"about [\d,]+ more would settle it|no score differs", said.out)
        assert "Bonferroni over 6 pairs" in said.out

    def test_a_price_that_nobody_knows_is_said_and_is_not_zero(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_server(monkeypatch):
            report = promptgit(office, "suite", "sort", "--models", "big,twin", "--json").json
            said = promptgit(office, "suite", "sort", "--models", "big,twin")

        models = by_name(report)
        assert models["twin"]["usd_per_1000_cases"] is None
        assert not models["twin"]["on_front"]
        assert models["big"]["usd_per_1000_cases"] > 0
        assert models["offline"]["usd_per_1000_cases"] == 0
        assert re.search(r"twin .*unknown", said.out)

    def test_it_can_be_read_in_eighty_columns(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr("promptgit.cli.console.PIPE_WIDTH", 80)
        with a_server(monkeypatch):
            said = promptgit(office, "suite", "sort", "--models", "big,small,twin")

        assert max(map(len, said.lines)) <= 80
        assert "…" not in said.out
        assert re.search(r"big +0\.\d{3} +0\.\d\d to [01]\.\d\d +\+0\.\d{3}\*", said.out)

    def test_the_difference_to_the_current_model_is_that_of_the_pair(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_server(monkeypatch):
            report = promptgit(office, "suite", "sort", "--models", "big", "--json").json

        gap = by_name(report)["big"]["to_current"]
        (pair,) = report["pairs"]
        assert gap == pair
        assert gap["proven"] == (not gap["low"] <= 0 <= gap["high"])
        assert by_name(report)["offline"]["to_current"] is None


class TestOnePurse:
    def test_a_dry_run_estimates_every_model_and_calls_nobody(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)

        said = promptgit(office, "suite", "sort", "--models", "big,small", "--dry-run", "--json")
        shown = promptgit(office, "suite", "sort", "--models", "big,small", "--dry-run")

        assert said.code == 0, said.err
        assert said.json["calls"] == 270
        assert [model["calls"] for model in said.json["models"]] == [90, 90, 90]
        assert "together: 270 calls" in shown.err
        assert said.json["usd"] > 0
        assert "no run" in promptgit(office, "runs").out

    def test_a_sum_with_an_unknown_price_in_it_is_unknown(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        words = ("suite", "sort", "--models", "big,twin", "--dry-run")

        assert promptgit(office, *words, "--json").json["usd"] is None
        assert "at prices that are not all known" in promptgit(office, *words).err

    def test_a_second_suite_makes_no_call(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_server(monkeypatch) as server:
            first = promptgit(office, "suite", "sort", "--models", "big,small", "--json").json
            paid = server.calls
            second = promptgit(office, "suite", "sort", "--models", "big,small", "--json").json

            assert server.calls == paid == 180
        assert second["spend"]["calls"] == 0
        assert second["pairs"] == first["pairs"]

    def test_what_eval_paid_for_is_not_paid_twice(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_server(monkeypatch) as server:
            promptgit(office, "eval", "sort", "--model", "big")
            promptgit(office, "suite", "sort", "--models", "big")

            assert server.calls == 90

    def test_a_budget_that_ends_leaves_pairs_that_can_be_compared(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        words = ("suite", "sort", "--models", "big,small", "--budget", "100calls")
        with a_server(monkeypatch) as server:
            said = promptgit(office, *words, "--concurrency", "1", "--json")

            assert said.code == 3
            assert said.json["partial"]
            asked = [model["asked"] for model in said.json["models"]]
            assert max(asked) - min(asked) <= 1
            assert [pair["n"] for pair in said.json["pairs"]] == [33, 33, 33]
            assert "budget of 100 calls is spent" in said.err
            whole = promptgit(office, "suite", "sort", "--models", "big,small", "--json").json
            assert whole["spend"]["calls"] == 170
            assert server.calls == 180
        assert not whole["partial"]

    def test_half_a_suite_says_so_and_leaves_no_record(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_server(monkeypatch):
            words = ("suite", "sort", "--models", "big", "--budget", "50calls")
            said = promptgit(office, *words)

        assert "PARTIAL: the budget of 50 calls is spent" in said.out
        assert not Records(Git.discover(office.path)).all_digests()
        assert "partial" in promptgit(office, "runs").out

    def test_a_budget_in_dollars_needs_every_price(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_server(monkeypatch) as server:
            said = promptgit(office, "suite", "sort", "--models", "twin", "--budget", "1usd")

            assert said.code == 2
            assert "openai/twin costs" in said.err
            assert server.calls == 0

    def test_interrupted_it_keeps_every_answer(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        put = SqliteAnswers.put
        kept: list[str] = []

        def interrupted(store: SqliteAnswers, key: str, answer: Any) -> None:
            put(store, key, answer)
            kept.append(key)

        def counted(results: Iterator[Any], *_: Any, **__: Any) -> Iterator[Any]:
            for number, result in enumerate(results):
                if number == 40:
                    raise KeyboardInterrupt
                yield result

        with a_server(monkeypatch) as server:
            with monkeypatch.context() as patch:
                patch.setattr(SqliteAnswers, "put", interrupted)
                patch.setattr("promptgit.cli.lineups.counted", counted)
                said = promptgit(office, "suite", "sort", "--models", "big,small")
            assert said.code == 130
            assert "pays only for what is missing" in said.err
            before = server.calls
            whole = promptgit(office, "suite", "sort", "--models", "big,small", "--json").json

            assert len(kept) >= 40
            assert server.calls == 180
            assert before < 180
        assert whole["spend"]["calls"] == 270 - len(kept)


class TestTrouble:
    def test_one_model_that_is_down_leaves_the_others_alone(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_server(monkeypatch, faults=down("small")):
            said = promptgit(office, "suite", "sort", "--models", "big,small", "--json")

        models = by_name(said.json)
        assert said.code == 3
        assert "1 of 3 models gave no score: small" in said.err
        assert (models["big"]["unscored"], models["offline"]["unscored"]) == (0, 0)
        assert models["small"]["score"]["mean"] is None
        assert models["small"]["unscored"] == 90
        assert "does not exist" in models["small"]["failure"]
        assert len(said.json["pairs"]) == 1

    def test_a_model_without_a_key_is_not_run_and_leaves_the_others_alone(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.delenv("MISTRAL_API_KEY", raising=False)
        with a_server(monkeypatch) as server:
            said = promptgit(office, "suite", "sort", "--models", "big,mistral/large", "--json")
            again = promptgit(office, "suite", "--again")

            assert server.calls == 90
        models = by_name(said.json)
        assert said.code == 3
        assert "mistral/large is not run: there is no key for mistral" in said.err
        assert "MISTRAL_API_KEY" in said.err
        assert "1 of 3 models gave no score: mistral/large" in said.err
        assert models["mistral/large"]["failure"] == "not run: there is no key for mistral"
        assert (models["big"]["unscored"], models["offline"]["unscored"]) == (0, 0)
        assert "not run: there is no key for mistral" in again.out

    def test_where_every_model_lacks_its_key_nothing_is_run(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        office = an_office(tmp_path / "office", {"promptgit.yaml": "model: small\n"})

        said = promptgit(office, "suite", "sort", "--models", "big")

        assert said.code == 2
        assert "there is no key for openai" in said.err

    def test_the_current_model_may_be_the_one_that_is_down(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        office = an_office(tmp_path / "office", {"promptgit.yaml": "model: small\n"})
        with a_server(monkeypatch, faults=down("small", fault="401")):
            said = promptgit(office, "suite", "sort", "--models", "big")

        assert said.code == 3
        assert "small: no score at all of 90 cases" in said.out
        assert "big alone has scores" in said.out

    def test_all_of_them_may_be_down(self, office: Repository, monkeypatch: pytest.MonkeyPatch):
        office.commit({"promptgit.yaml": "model: small\n"})
        with a_server(monkeypatch, faults=down("small", "big")):
            said = promptgit(office, "suite", "sort", "--models", "big")
            page = promptgit(office, "suite", "--again", "--format", "html")

        assert said.code == 3
        assert "no model has a score" in said.out
        assert "<svg" not in page.out

    def test_some_failures_are_shown_and_drop_their_pairs(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        def too_long(_number: int, seen: Seen) -> str:
            return "context" if "apple" in seen.body["messages"][-1]["content"] else ""

        with a_server(monkeypatch, faults=too_long):
            report = promptgit(office, "suite", "sort", "--models", "big", "--json").json

        assert by_name(report)["big"]["unscored"] == 6
        assert by_name(report)["big"]["score"]["n"] == 84
        assert report["pairs"][0]["n"] == 84

    def test_a_key_that_a_server_quotes_is_in_no_report(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_server(monkeypatch, faults=down("small", fault="400")):
            said = promptgit(office, "suite", "sort", "--models", "small", "-o", "report.html")

        page = (office.path / "report.html").read_text()
        journals = [path.read_text() for path in (office.path / ".git").rglob("journal.jsonl")]
        assert "Bad header" in page
        assert not any("sk-test-0123" in text for text in (said.out, said.err, page, *journals))

    def test_names_that_mean_one_model_are_asked_once(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_server(monkeypatch) as server:
            words = ("--models", "big,big,openai/big,offline", "--json")
            said = promptgit(office, "suite", "sort", *words)

            assert server.calls == 90
        assert [model["name"] for model in said.json["models"]] == ["big", "offline"]
        assert "big was named twice" in said.err
        assert "openai/big is the same model as big" in said.err

    @pytest.mark.parametrize(
        ("models", "says"),
        [
            ("nowhere/x", "no provider is called 'nowhere'"),
            ("big,,small", "names an empty model"),
            ("ofline", "did you mean 'offline'?"),
        ],
    )
    def test_a_name_that_cannot_be_is_refused_before_anybody_is_called(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch, models: str, says: str
    ):
        with a_server(monkeypatch) as server:
            said = promptgit(office, "suite", "sort", "--models", models)

            assert server.calls == 0
        assert said.code == 2
        assert says in said.err

    def test_without_models_it_asks_which(self, office: Repository):
        said = promptgit(office, "suite", "sort")

        assert said.code == 2
        assert "which models?" in said.err
        assert "beside the current one, offline" in said.err

    def test_the_current_model_alone_is_shown_and_not_ranked(self, office: Repository):
        said = promptgit(office, "suite", "sort", "--models", "offline")

        assert said.code == 0
        assert "offline alone has scores: there is nothing to rank" in said.out
        assert "Bonferroni" not in said.out

    def test_one_case_proves_nothing(self, office: Repository, monkeypatch: pytest.MonkeyPatch):
        with a_server(monkeypatch):
            words = ("--models", "big,small", "--limit", "1", "--json")
            report = promptgit(office, "suite", "sort", *words).json

        assert not any(pair["proven"] for pair in report["pairs"])
        assert len(report["tiers"]) == 1

    def test_a_recording_is_a_model_too(self, office: Repository, tmp_path: Path):
        model = ScriptedModel(lambda request: sorter_of(request.messages[-1].text))
        recording = Recording(model, tmp_path / "old.jsonl")
        found = Opened.at(Git.discover(office.path), "")
        for case in found.cases(PROMPT, found.eval_file(PROMPT)):
            recording.complete(Request(found.prompt(PROMPT).render(case.inputs)))

        name = f"replay/{tmp_path / 'old.jsonl'}"
        said = promptgit(office, "suite", "sort", "--models", name, "--json")

        assert said.code == 0, said.err
        assert by_name(said.json)[name]["score"]["mean"] > 0.9

    def test_options_of_the_search_ask_for_it(self, office: Repository):
        said = promptgit(office, "suite", "sort", "--models", "big", "--write", "best")

        assert said.code == 2
        assert "--write goes with --improve" in said.err

    def test_a_report_that_cannot_be_written_is_refused_before_the_first_call(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_server(monkeypatch) as server:
            odd = promptgit(office, "suite", "sort", "--models", "big", "-o", "report.doc")
            lost = promptgit(office, "suite", "sort", "--models", "big", "-o", "/no/where/r.md")

            assert server.calls == 0
        assert (odd.code, lost.code) == (2, 3)
        assert "does not tell the form" in odd.err


def sorter_of(text: str) -> str:
    return next((label for word, label in LABEL.items() if word in text), "unknown")


class TestAPipeline:
    def test_each_model_answers_all_of_its_steps(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        office.commit(
            {
                "prompts/brief.md": "Say it in one word.\n",
                "pipelines/desk.yaml": "steps:\n"
                "  - {name: sort, prompt: prompts/sort.md}\n"
                "  - {name: brief, prompt: prompts/brief.md, inputs: {text: '{{ sort }}'}}\n",
                "pipelines/desk.eval.yaml": "cases: ../prompts/sort.csv\n",
            }
        )
        with a_server(monkeypatch) as server:
            words = ("--models", "big", "--limit", "5", "--json")
            said = promptgit(office, "suite", "pipelines/desk.yaml", *words)

            assert said.code == 0, said.err
            assert server.calls > 5  # the second step is asked too, once for equal answers
        assert by_name(said.json)["big"]["asked"] == 5


class TestWhatIsKept:
    def test_records_hold_every_evaluation_and_log_shows_the_current_models(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_server(monkeypatch):
            report = promptgit(office, "suite", "sort", "--models", "big,small", "--json").json

        records = Records(Git.discover(office.path)).find(office.blob(PROMPT))
        models = {record.body["model"]["model"] or "offline" for record in records}
        assert {"big", "small"} <= models
        assert all(record.body["run"] == report["run"] for record in records)
        current = by_name(report)["offline"]["score"]["mean"]
        assert f"{current:.3f}" in promptgit(office, "log", PROMPT).out

    def test_no_record_and_a_limit_keep_none(self, office: Repository):
        promptgit(office, "suite", "sort", "--models", "offline", "--no-record")
        promptgit(office, "suite", "sort", "--models", "offline", "--limit", "5")

        assert not Records(Git.discover(office.path)).all_digests()

    def test_runs_lists_it_and_shows_its_report_again(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_server(monkeypatch):
            first = promptgit(office, "suite", "sort", "--models", "big", "--json").json
        monkeypatch.delenv("OPENAI_API_KEY")

        listed = promptgit(office, "runs")
        shown = promptgit(office, "runs", "show", first["run"], "--json").json
        again = promptgit(office, "suite", "--again", first["run"][:12], "--json").json
        latest = promptgit(office, "suite", "--again")

        assert first["run"] in listed.out
        assert "compared" in listed.out
        assert shown == again == first
        assert "Ranking: big > offline" in latest.out

    def test_it_is_shown_again_in_every_form(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_server(monkeypatch):
            promptgit(office, "suite", "sort", "--models", "big")

        for name in ("r.md", "r.json", "r.html", "r.txt"):
            assert promptgit(office, "suite", "--again", "-o", name).code == 0
        texts = {path.suffix: path.read_text() for path in office.path.glob("r.*")}
        assert texts[".md"].startswith("## prompts/sort.md")
        assert json.loads(texts[".json"])["schema"] == 1
        assert texts[".html"].startswith("<!doctype html>")
        assert "Ranking: big > offline" in texts[".txt"]

    def test_an_improve_that_is_resumed_is_not_a_suite(self, office: Repository):
        promptgit(office, "suite", "sort", "--models", "offline")

        resumed = promptgit(office, "improve", "--resume")
        exported = promptgit(office, "runs", "export", "latest", "out")

        assert resumed.code == exported.code == 2
        assert "there is no run" in resumed.err
        assert "is a suite" in exported.err

    def test_where_none_was_run_it_says_so(self, office: Repository):
        said = promptgit(office, "suite", "--again")

        assert said.code == 2
        assert "no suite was run here yet" in said.err

    def test_a_suite_that_was_interrupted_has_nothing_to_show(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        def stopped(*_: Any, **__: Any) -> Iterator[Any]:
            raise KeyboardInterrupt
            yield

        with monkeypatch.context() as patch:
            patch.setattr("promptgit.cli.lineups.counted", stopped)
            with a_server(monkeypatch):
                promptgit(office, "suite", "sort", "--models", "big")
        run = promptgit(office, "runs", "--json").json["runs"][0]["run"]

        said = promptgit(office, "runs", "show", run)

        assert said.code == 2
        assert "interrupted before" in said.err
        assert "promptgit suite prompts/sort.md --models big pays only" in said.err


class TestImprove:
    """The clerk learns a rule a round; every model is a clerk."""

    @pytest.fixture
    def desk(self, tmp_path: Path) -> Repository:
        return an_office(tmp_path / "desk", {"promptgit.yaml": "model: clerk-a\n"})

    def test_each_model_gets_its_best_prompt_and_no_branch_moves(
        self, desk: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        head, refs = desk.head, branches(desk)
        with a_clerk(monkeypatch):
            words = ("--models", "clerk-b", "--improve", "--rounds", "2", "--json")
            said = promptgit(desk, "suite", "sort", *words)

        assert said.code == 0, said.err
        assert [best["state"] for best in said.json["best"]] == ["confirmed", "confirmed"]
        assert [best["name"] for best in said.json["best"]] == ["clerk-a", "clerk-b"]
        assert (desk.head, branches(desk)) == (head, refs)
        assert (desk.path / PROMPT).read_text() == SEED
        for best in said.json["best"]:
            assert desk.git("rev-parse", f"{best['ref']}:{PROMPT}").strip() == best["blob"]
            assert best["sealed"]["low"] > 0

    def test_the_command_it_names_delivers_the_same_text_without_a_call(
        self, desk: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_clerk(monkeypatch) as server:
            words = ("--models", "clerk-b", "--improve", "--rounds", "2", "--json")
            best = promptgit(desk, "suite", "sort", *words).json["best"][1]
            paid = server.calls
            said = promptgit(desk, *best["command"].split()[1:])

            assert said.code == 0, said.err + said.out
            assert server.calls == paid
        assert "--model clerk-b" in best["command"]
        assert desk.git("rev-parse", f"for-clerk-b:{PROMPT}").strip() == best["blob"]

    def test_the_texts_are_written_where_it_is_told_to(
        self, desk: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ):
        folder = tmp_path / "best"
        with a_clerk(monkeypatch):
            words = ("--models", "clerk-b", "--improve", "--rounds", "1", "--write", str(folder))
            said = promptgit(desk, "suite", "sort", *words)

        assert said.code == 0, said.err
        names = sorted(path.name for path in folder.iterdir())
        assert names == ["sort.clerk-a.md", "sort.clerk-b.md"]
        assert "means" in (folder / "sort.clerk-a.md").read_text()
        assert "Nothing was delivered" in said.out

    def test_with_too_few_cases_it_claims_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        desk = an_office(tmp_path / "small", {"promptgit.yaml": "model: clerk-a\n"}, per_label=10)
        folder = tmp_path / "best"
        with a_clerk(monkeypatch):
            words = ("--models", "clerk-b", "--improve", "--rounds", "1", "--write", str(folder))
            said = promptgit(desk, "suite", "sort", *words)
            report = promptgit(desk, "suite", "--again", "--json").json

        assert {best["state"] for best in report["best"]} == {"draft"}
        assert all(best["sealed"] is None for best in report["best"])
        assert not any(best["confirmed"] for best in report["best"])
        assert "confirmed for 0 of 2 models" in said.out
        assert {path.name for path in folder.iterdir()} == {
            "sort.clerk-a.not-confirmed.md",
            "sort.clerk-b.not-confirmed.md",
        }
        assert not any("--branch" in best["command"] for best in report["best"])

    def test_a_dirty_prompt_is_refused_before_anything_is_paid(
        self, desk: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        desk.write({PROMPT: SEED + "Be brief.\n"})
        with a_clerk(monkeypatch) as server:
            said = promptgit(desk, "suite", "sort", "--models", "clerk-b", "--improve")

            assert server.calls == 0
        assert said.code == 2

    def test_one_budget_holds_over_the_comparison_and_all_searches(
        self, desk: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_clerk(monkeypatch) as server:
            words = ("--models", "clerk-b", "--improve", "--budget", "520calls", "--json")
            said = promptgit(desk, "suite", "sort", *words)

            assert server.calls <= 520
        assert said.json["spend"]["calls"] <= 520
        first, second = (
            next(RunJournal(Git.discover(desk.path), best["run"]).events())["asked"]["budget"]
            for best in said.json["best"]
        )
        assert first == "170calls"  # half of what 180 answers left
        assert int(second.removesuffix("calls")) >= 170

    def test_a_search_that_fails_leaves_the_others_and_the_ranking(
        self, desk: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_clerk(monkeypatch):
            words = ("--models", "clerk-b", "--improve", "--budget", "200calls", "--json")
            said = promptgit(desk, "suite", "sort", *words)

        assert {best["state"] for best in said.json["best"]} == {"failed"}
        assert all("budget" in best["sentence"] for best in said.json["best"])
        assert len(said.json["models"]) == 2

    def test_nothing_is_searched_for_when_the_budget_ended_before(
        self, desk: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_clerk(monkeypatch):
            words = ("--models", "clerk-b", "--improve", "--budget", "100calls", "--json")
            said = promptgit(desk, "suite", "sort", *words)

        assert said.code == 3
        assert said.json["partial"]
        assert said.json["best"] == []

    def test_a_dry_run_says_what_the_searches_may_take(
        self, desk: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with a_clerk(monkeypatch) as server:
            said = promptgit(
                desk, "suite", "sort", "--models", "clerk-b", "--improve", "--dry-run", "--json"
            )

            assert server.calls == 0
        assert len(said.json["searches"]) == 2
        assert all(search["most_calls"] > 100 for search in said.json["searches"])


def branches(repository: Repository) -> str:
    return repository.git("for-each-ref", "refs/heads")
