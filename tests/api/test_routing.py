"""`promptgit.load(…, unit=…)`: who gets which text, from a work tree or from a bundle."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import promptgit
from promptgit.api.loading import rollout_state
from promptgit.api.routed import RoutedPrompt
from promptgit.cli.bundling import bundle_of, write_file
from promptgit.config.rollout_file import with_entry
from promptgit.edges.git import Git
from promptgit.errors import UserError, WorldError
from promptgit.flywheel.rollout import ROLLOUT_FILE, Arm, Rollout
from promptgit.flywheel.routing import key, place
from promptgit.testing.repositories import Repository, a_repository

PROMPT = "prompts/reply.md"
OLD = 'Be kind. {% include "persona.md" %}\n'
NEW = "Be brief.\n"
PATIENCE_S = 20.0


def a_rollout(path: Path, share: float = 10, **more: object) -> Repository:
    """A repository where `reply` has a stable text and a candidate."""
    repository = a_repository(path, {PROMPT: OLD, "prompts/persona.md": "You are Bo."})
    old = Arm(repository.blob(PROMPT), repository.head)
    repository.commit({PROMPT: NEW})
    new = Arm(repository.blob(PROMPT), repository.head)
    set_to(repository, Rollout("production", "reply", old, new, share, **more))  # type: ignore[arg-type]
    return repository


def set_to(repository: Repository, one: Rollout) -> None:
    place = repository.path / ROLLOUT_FILE
    text = place.read_text(encoding="utf-8") if place.exists() else ""
    repository.commit({ROLLOUT_FILE: with_entry(text, one)})


def a_bundle(repository: Repository, file: Path) -> Path:
    write_file(bundle_of(Git.discover(repository.path), "HEAD", None), str(file))
    return file


def entry(repository: Repository, share: float) -> None:
    """Give the candidate another share."""
    place = repository.path / ROLLOUT_FILE
    text = place.read_text(encoding="utf-8")
    (line,) = (one for one in text.splitlines() if one.strip().startswith("share:"))
    repository.commit({ROLLOUT_FILE: text.replace(line, f"    share: {share:g}")})


def routed(*units: object, **where: object) -> list[RoutedPrompt]:
    found = [promptgit.load("reply", unit=unit, **where) for unit in units]  # type: ignore[arg-type]
    assert all(isinstance(one, RoutedPrompt) for one in found)
    return found  # type: ignore[return-value]


def variants(units: range, **where: object) -> dict[int, str]:
    return {unit: one.variant for unit, one in zip(units, routed(*units, **where), strict=True)}


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.05)


def test_a_unit_gets_the_text_of_its_variant_with_what_it_includes(tmp_path: Path):
    repository = a_rollout(tmp_path, share=50)

    found = {one.variant: one for one in routed(*range(50), repo=tmp_path)}

    assert set(found) == {"stable", "candidate"}
    assert found["candidate"].text == NEW
    assert found["candidate"].version == repository.blob(PROMPT)
    (message,) = found["stable"].messages()
    assert "You are Bo." in message["content"]


def test_what_is_logged_with_a_call_comes_with_the_prompt(tmp_path: Path):
    a_rollout(tmp_path, share=10)

    found = routed(*range(100), repo=tmp_path, environment="production")

    chances = {one.variant: one.propensity for one in found}
    assert chances == {"stable": 0.9, "candidate": 0.1}
    assert {one.environment for one in found} == {"production"}
    assert [one.unit for one in found] == [str(unit) for unit in range(100)]


def test_the_same_unit_gets_the_same_variant_in_another_process(tmp_path: Path):
    bundle = a_bundle(a_rollout(tmp_path / "here", share=30), tmp_path / "bundle.json")
    code = (
        "import promptgit\n"
        "print(*(promptgit.load('reply', unit=f'ü{n}').variant for n in range(500)))"
    )
    ours = [one.variant for one in routed(*(f"ü{n}" for n in range(500)), rollout=bundle)]

    theirs = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PROMPTGIT_ROLLOUT": str(bundle), "PYTHONHASHSEED": "7"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert theirs.stdout.split() == ours
    assert len(set(ours)) == 2


def test_the_draw_is_the_one_that_is_written_down():
    """Whoever routes in another language needs these; they may never change."""
    draw = key("production", "support-reply", "1" * 40)

    assert draw.hex() == "207fabb53985bebc99342e5dbca1ef9718b64efb5b2afce722fc9b48be656e7c"
    assert [place(draw, unit) for unit in ("", "user-1", "ü")] == [
        1900009076021451068,
        4660555902196536186,
        1941116863165831052,
    ]


@pytest.mark.parametrize("share", [1, 10, 50])
def test_shares_are_met_within_a_point_at_100_000_units(tmp_path: Path, share: float):
    bundle = a_bundle(a_rollout(tmp_path, share=share), tmp_path / "bundle.json")

    count = Counter(variants(range(100_000), rollout=bundle).values())

    assert abs(count["candidate"] / 1000 - share) < 1


@pytest.mark.parametrize(("share", "variant"), [(0, "stable"), (100, "candidate")])
def test_nobody_and_everybody_are_exact(tmp_path: Path, share: float, variant: str):
    bundle = a_bundle(a_rollout(tmp_path, share=share), tmp_path / "bundle.json")

    assert set(variants(range(2000), rollout=bundle).values()) == {variant}


def test_raising_the_share_moves_nobody_else(tmp_path: Path):
    repository = a_rollout(tmp_path, share=10)
    few = variants(range(5000), rollout=a_bundle(repository, tmp_path / "few.json"))
    entry(repository, 40)

    more = variants(range(5000), rollout=a_bundle(repository, tmp_path / "more.json"))

    had = {unit for unit, variant in few.items() if variant == "candidate"}
    have = {unit for unit, variant in more.items() if variant == "candidate"}
    assert had < have


def test_another_candidate_is_tried_on_other_units_unless_a_salt_holds_them(tmp_path: Path):
    one, two = key("production", "reply", "1" * 40), key("production", "reply", "2" * 40)
    tenth = (1 << 64) // 10

    first = {unit for unit in range(10_000) if place(one, str(unit)) < tenth}
    second = {unit for unit in range(10_000) if place(two, str(unit)) < tenth}

    assert len(first & second) < 200  # about 100, as chance has it
    assert Rollout("p", "r", Arm("a", "c"), Arm("b", "c"), salt="s").draw == "s"
    assert Rollout("p", "r", Arm("a", "c"), Arm("b", "c")).draw == "b"


def test_without_a_unit_everybody_gets_the_stable_text(tmp_path: Path):
    a_rollout(tmp_path, share=99)

    found = promptgit.load("reply", repo=tmp_path, environment="production")

    assert isinstance(found, RoutedPrompt)
    assert (found.variant, found.unit, found.text) == ("stable", "", OLD)


def test_a_new_rollout_is_taken_up_without_a_restart(tmp_path: Path):
    repository = a_rollout(tmp_path, share=0)
    assert set(variants(range(20), repo=tmp_path).values()) == {"stable"}

    entry(repository, 100)

    eventually(lambda: set(variants(range(20), repo=tmp_path).values()) == {"candidate"})


def test_a_new_bundle_is_taken_up_without_a_restart(tmp_path: Path):
    repository = a_rollout(tmp_path / "here", share=0)
    bundle = a_bundle(repository, tmp_path / "bundle.json")
    assert set(variants(range(20), rollout=bundle).values()) == {"stable"}
    entry(repository, 100)

    a_bundle(repository, bundle)

    eventually(lambda: set(variants(range(20), rollout=bundle).values()) == {"candidate"})


@pytest.mark.parametrize("content", [b"production: [", b"{", b"\xff", b"production: {reply: {}}"])
def test_a_broken_file_changes_nothing_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
):
    repository = a_rollout(tmp_path, share=100)
    before = variants(range(20), repo=tmp_path)
    with caplog.at_level(logging.WARNING, "promptgit"):
        (tmp_path / ROLLOUT_FILE).write_bytes(content)

        eventually(lambda: bool(variants(range(20), repo=tmp_path) and problem(tmp_path)))
        time.sleep(0.1)

    assert variants(range(20), repo=tmp_path) == before
    assert len([one for one in caplog.records if "served on" in one.getMessage()]) == 1
    repository.git("restore", "--", ROLLOUT_FILE)
    eventually(lambda: bool(variants(range(20), repo=tmp_path)) and not problem(tmp_path))


def problem(repo: Path) -> str:
    return rollout_state(repo=repo).problem


def test_a_file_that_is_gone_changes_nothing(tmp_path: Path):
    bundle = a_bundle(a_rollout(tmp_path, share=100), tmp_path / "bundle.json")
    before = variants(range(20), rollout=bundle)

    bundle.unlink()

    eventually(lambda: bool(variants(range(20), rollout=bundle)) and gone(bundle))
    assert variants(range(20), rollout=bundle) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_in_the_place_of_the_file_is_not_waited_for(tmp_path: Path):
    a_rollout(tmp_path)
    (tmp_path / ROLLOUT_FILE).unlink()
    os.mkfifo(tmp_path / ROLLOUT_FILE)

    with pytest.raises(WorldError, match="no regular file"):
        promptgit.load("reply", unit="a", repo=tmp_path)


def test_a_link_out_of_the_repository_is_no_rollout(tmp_path: Path):
    a_rollout(tmp_path / "here", share=100)
    (tmp_path / "here" / ROLLOUT_FILE).rename(tmp_path / "elsewhere.yaml")
    (tmp_path / "here" / ROLLOUT_FILE).symlink_to(tmp_path / "elsewhere.yaml")

    assert promptgit.load("reply", unit="a", repo=tmp_path / "here").variant == ""  # type: ignore[attr-defined]


def test_a_huge_file_is_not_read(tmp_path: Path):
    a_rollout(tmp_path)
    with (tmp_path / ROLLOUT_FILE).open("a", encoding="utf-8") as file:
        file.write("# " + "x" * 300_000 + "\n")

    with pytest.raises(WorldError, match="and may have"):
        promptgit.load("reply", unit="a", repo=tmp_path)


def gone(bundle: Path) -> bool:
    return "cannot be read" in rollout_state(rollout=bundle).problem


def test_a_bundle_needs_no_git_no_yaml_and_nothing_heavy(tmp_path: Path):
    bundle = a_bundle(a_rollout(tmp_path / "here", share=100), tmp_path / "bundle.json")
    code = (
        "import promptgit, sys\n"
        "print(promptgit.load('reply', unit='ada', environment='production').text)\n"
        "print([m for m in ('git', 'yaml', 'pydantic', 'numpy', 'click', 'jinja2') "
        "if m in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PROMPTGIT_ROLLOUT": str(bundle), "PATH": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split("\n")[0] == NEW.strip()
    assert "[]" in done.stdout


def test_the_same_commit_gives_the_same_bundle(tmp_path: Path):
    repository = a_rollout(tmp_path)

    one, two = (a_bundle(repository, tmp_path / name).read_bytes() for name in ("a", "b"))

    assert one == two


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Be brief.", "Be bried.", "was altered"),
        ('"schema": 1', '"schema": 9', "not known here"),
        ('"kind": "promptgit-bundle"', '"kind": "x"', "no bundle"),
        ('"share": 10', '"share": 1000', "share of 1000"),
        ('"stable"', '"stabel"', "KeyError"),
        ("{", "", "not JSON"),
    ],
)
def test_a_bundle_that_is_not_what_was_written_is_refused(
    tmp_path: Path, old: str, new: str, said: str
):
    bundle = a_bundle(a_rollout(tmp_path), tmp_path / "bundle.json")
    text = bundle.read_text(encoding="utf-8")
    assert old in text
    bundle.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(UserError) as stopped:
        promptgit.load("reply", unit=1, rollout=bundle)

    assert said in stopped.value.message


def test_a_bundle_that_is_not_there_is_said_at_once(tmp_path: Path):
    with pytest.raises(WorldError, match="cannot be read"):
        promptgit.load("reply", unit=1, rollout=tmp_path / "none.json")


def test_a_name_that_is_not_live_names_the_nearest(tmp_path: Path):
    a_rollout(tmp_path)

    with pytest.raises(UserError) as stopped:
        promptgit.load("repyl", unit=1, repo=tmp_path, environment="production")
    with pytest.raises(UserError) as nowhere:
        promptgit.load("reply", unit=1, repo=tmp_path, environment="prod")

    assert stopped.value.hint == "did you mean 'reply'?"
    assert "production" in nowhere.value.hint


@pytest.mark.parametrize("name", ["reply", "reply.md", PROMPT, "prompts/reply"])
def test_a_prompt_is_found_by_its_name_and_by_its_path(tmp_path: Path, name: str):
    a_rollout(tmp_path, share=100)

    found = promptgit.load(name, unit=1, repo=tmp_path, environment="production")

    assert found.text == NEW


@pytest.mark.parametrize("name", ["reply", "reply.md", PROMPT, "prompts/reply"])
def test_a_bundle_knows_a_prompt_by_its_path_too(tmp_path: Path, name: str):
    bundle = a_bundle(a_rollout(tmp_path, share=100), tmp_path / "bundle.json")

    assert promptgit.load(name, unit=1, rollout=bundle).text == NEW


def test_a_prompt_of_the_same_name_in_another_folder_is_another_prompt(tmp_path: Path):
    repository = a_rollout(tmp_path / "here", share=100)
    bundle = a_bundle(repository, tmp_path / "bundle.json")
    repository.commit({"prompts/de/reply.md": "Sei nett.\n"})

    found = promptgit.load("prompts/de/reply.md", unit=1, repo=repository.path)

    assert found.text == "Sei nett.\n"
    with pytest.raises(UserError, match="not live"):
        promptgit.load("prompts/de/reply.md", unit=1, rollout=bundle)


def test_a_prompt_that_no_rollout_speaks_of_is_its_own_file(tmp_path: Path):
    repository = a_rollout(tmp_path)
    repository.commit({"prompts/greeting.md": "Hello.\n"})

    found = promptgit.load("greeting", unit="ada", repo=tmp_path)

    assert isinstance(found, RoutedPrompt)
    assert (found.text, found.variant, found.propensity) == ("Hello.\n", "", 1.0)
    repository.write({"prompts/greeting.md": "Hi.\n"})
    eventually(lambda: promptgit.load("greeting", unit="ada", repo=tmp_path).text == "Hi.\n")


def test_a_prompt_is_routed_from_its_first_deploy_on(tmp_path: Path):
    repository = a_repository(tmp_path, {PROMPT: NEW})
    assert routed("ada", repo=tmp_path)[0].variant == ""

    set_to(
        repository,
        Rollout("production", "reply", Arm(repository.blob(PROMPT), repository.head)),
    )

    eventually(lambda: routed("ada", repo=tmp_path)[0].variant == "stable")


def test_the_environment_is_that_of_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    repository = a_rollout(tmp_path, share=0)
    new = Arm(repository.blob(PROMPT), repository.head)
    set_to(repository, Rollout("staging", "reply", new))
    monkeypatch.setenv("PROMPTGIT_ENVIRONMENT", "staging")

    (found,) = routed("ada", repo=tmp_path)

    assert (found.environment, found.text) == ("staging", NEW)


def test_a_revision_and_a_unit_are_too_much(tmp_path: Path):
    a_rollout(tmp_path)

    with pytest.raises(UserError, match="`ref` names a text"):
        promptgit.load("reply", unit=1, repo=tmp_path, ref="HEAD")


def test_without_unit_and_environment_it_is_the_file_as_ever(tmp_path: Path):
    a_rollout(tmp_path, share=0)

    assert promptgit.load("reply", repo=tmp_path).text == NEW
    assert promptgit.load("reply", repo=tmp_path, ref="HEAD^^").text == OLD


def test_many_threads_are_served_while_the_rollout_changes(tmp_path: Path):
    repository = a_rollout(tmp_path, share=0)
    stop, seen, errors = threading.Event(), Counter[str](), list[str]()

    def serve() -> None:
        while not stop.is_set():
            for unit in range(200):
                seen[routed(unit, repo=tmp_path)[0].variant] += 1

    threads = [threading.Thread(target=serve) for _ in range(8)]
    threading.excepthook, hook = lambda args: errors.append(str(args)), threading.excepthook
    for thread in threads:
        thread.start()
    entry(repository, 100)
    eventually(lambda: seen["candidate"] > 0)
    stop.set()
    for thread in threads:
        thread.join()
    threading.excepthook = hook

    assert not errors
    assert set(variants(range(50), repo=tmp_path).values()) == {"candidate"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_process_takes_up_a_new_rollout_too(tmp_path: Path):
    repository = a_rollout(tmp_path / "here", share=0)
    bundle = a_bundle(repository, tmp_path / "bundle.json")
    code = f"""
import os, sys, time, promptgit
load = lambda: promptgit.load("reply", unit=1, rollout={str(bundle)!r}).variant
assert load() == "stable"
if os.fork() == 0:
    print("forked", flush=True)
    end = time.monotonic() + {PATIENCE_S}
    while load() == "stable" and time.monotonic() < end:
        time.sleep(0.05)
    print(load(), flush=True)
    os._exit(0)
os.wait()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "forked\n"
        entry(repository, 100)
        a_bundle(repository, bundle)

        assert process.stdout.readline() == "candidate\n"


def test_an_event_loop_has_the_same(tmp_path: Path):
    a_rollout(tmp_path, share=100)

    found = asyncio.run(promptgit.aload("reply", unit="ada", repo=tmp_path))

    assert isinstance(found, RoutedPrompt)
    assert found.variant == "candidate"
