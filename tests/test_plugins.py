import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec

import pytest

from promptgit import plugins
from promptgit.errors import PluginNotFound, UserError

PACKAGE = """
from promptgit.core.evaluation import Score

def polite(case, output, *, word="please"):
    return Score(float(word in output))

def stubborn(seed, lab):
    yield from ()

def factory(name, *, options, endpoint=None):
    return name

not_callable = 3
"""

ENTRY_POINTS = """
[promptgit.scorers]
polite = manners:polite
equals = manners:polite
number = manners:not_callable
gone = manners:no_such_function
lost = no_such_module:polite

[promptgit.strategies]
stubborn = manners:stubborn

[promptgit.models]
parrot = manners:factory
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install the package `manners`, as pip leaves it, and forget it afterwards."""
    install(tmp_path, "manners", ENTRY_POINTS)
    (tmp_path / "manners.py").write_text(PACKAGE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("manners", None)


def install(folder, name, entry_points):
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text(entry_points, encoding="utf-8")


@pytest.mark.parametrize("name", list(plugins.SCORERS))
def test_every_scorer_in_the_table_loads(name):
    assert callable(plugins.scorer(name))


@pytest.mark.parametrize("kind", list(plugins.BUILT_IN))
def test_every_target_in_the_tables_is_there(kind):
    for target in plugins.BUILT_IN[kind].values():
        module, _, attribute = target.partition(":")

        assert find_spec(module) is not None, module
        assert hasattr(import_module(module), attribute), target


def test_an_installed_package_offers_plug_ins_of_every_kind(installed):
    manners = import_module("manners")

    assert plugins.scorer("polite") is manners.polite
    assert plugins.strategy("stubborn") is manners.stubborn
    assert plugins.model_factory("parrot") is manners.factory
    assert {"polite", "equals", "json-fields"} <= set(plugins.names("scorers"))
    assert {"stubborn", "critique"} <= set(plugins.names("strategies"))


def test_ours_cannot_be_replaced_by_a_package(installed):
    assert plugins.scorer("equals").__module__ == "promptgit.scorers.equals"


def test_an_unknown_name_gets_the_nearest_known_one(installed):
    with pytest.raises(PluginNotFound, match="no scorer is called 'polit'") as missing:
        plugins.scorer("polit")
    assert missing.value.hint == "did you mean 'polite'?"

    with pytest.raises(PluginNotFound, match="no strategy is called 'zzzz'") as missing:
        plugins.strategy("zzzz")
    assert missing.value.hint.startswith("there are: ")
    assert "critique" in missing.value.hint


def test_a_provider_that_nobody_offers_is_taken_for_an_openai_compatible_server():
    assert plugins.model_factory("my-gateway") is plugins.model_factory("openai")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("number", "is not a function"),
        ("gone", "does not load.*no_such_function"),
        ("lost", "does not load.*no_such_module"),
    ],
)
def test_a_plug_in_that_does_not_load_is_said_to_be_broken_and_not_unknown(
    installed, name, message
):
    with pytest.raises(UserError, match=message) as broken:
        plugins.scorer(name)

    assert not isinstance(broken.value, PluginNotFound)


def test_two_packages_with_one_name_are_both_named(installed):
    install(installed, "politeness", "[promptgit.scorers]\npolite = elsewhere:polite\n")

    with pytest.raises(UserError, match="manners, politeness"):
        plugins.scorer("polite")


def test_a_built_in_is_found_without_looking_at_installed_packages():
    code = (
        "import sys\n"
        "from promptgit import plugins\n"
        "plugins.scorer('contains')\n"
        "print('importlib.metadata' in sys.modules)\n"
    )

    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{code}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert done.stdout == "False\n"
