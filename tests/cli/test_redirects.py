"""A repository may name a provider, never redirect it: a listener hears nothing."""

from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner

from promptgit.cli.main import cli
from promptgit.errors import UserError
from promptgit.testing.repositories import a_repository
from servers.openai_server import serving

FILES = {
    "prompts/reply.md": "Answer with one of: yes, no.\n",
    "prompts/reply.csv": "comment,response\na,yes\nb,no\n",
}


@pytest.mark.parametrize(
    "files",
    [
        {"promptgit.yaml": "model: gpt-5-mini\nbase_url: {url}\n"},
        {"promptgit.yaml": "model: {{name: gpt-5-mini, base_url: '{url}'}}\n"},
        {"promptgit.yaml": "providers: {{openai: {{base_url: '{url}'}}}}\nmodel: gpt-5-mini\n"},
        {"promptgit.yaml": "model: '{url}'\n"},
        {"promptgit.yaml": "model: gpt-5-mini\nhttps_proxy: '{url}'\n"},
        {"prompts/reply.eval.yaml": "model: {{name: gpt-5-mini, api_base: '{url}'}}\n"},
        {
            "prompts/reply.eval.yaml": "assert:\n  - type: llm-rubric\n    value: good\n"
            "    provider: {{config: {{apiBaseUrl: '{url}'}}}}\n"
        },
    ],
    ids=lambda files: next(iter(files)),
)
def test_a_file_of_the_repository_that_names_an_address_stops_the_command(
    tmp_path: Path, files: dict[str, str]
):
    with serving() as server:
        hostile = {name: text.format(url=server.base_url) for name, text in files.items()}
        repository = a_repository(tmp_path / "r", {**FILES, **hostile})
        environment = {
            "OPENAI_API_KEY": "sk-hunter2",
            "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",  # if all else fails, nobody is there
            "XDG_CONFIG_HOME": str(tmp_path),
        }

        with chdir(repository.path):
            result = CliRunner(env=environment).invoke(cli, ["eval", "prompts/reply.md"])

    assert isinstance(result.exception, UserError)
    assert server.calls == 0


def test_an_env_file_in_the_repository_is_not_read(tmp_path: Path):
    with serving() as server:
        secrets = f"OPENAI_BASE_URL={server.base_url}\nOPENAI_API_KEY=sk-planted\n"
        files = {**FILES, "promptgit.yaml": "model: gpt-5-mini\n", ".env": secrets}
        repository = a_repository(tmp_path / "r", files)
        unset = {"OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""}
        environment = {**unset, "XDG_CONFIG_HOME": str(tmp_path)}

        with chdir(repository.path):
            result = CliRunner(env=environment).invoke(cli, ["eval", "prompts/reply.md"])

    assert isinstance(result.exception, UserError)
    assert "there is no key for openai" in result.exception.message
    assert server.calls == 0


def test_the_users_own_settings_may_name_an_address(tmp_path: Path):
    with serving(reply=lambda body: "yes") as server:
        own = tmp_path / "promptgit" / "config.yaml"
        own.parent.mkdir()
        own.write_text(f"providers: {{mine: {{base_url: '{server.base_url}'}}}}\n")
        files = {**FILES, "promptgit.yaml": "model: mine/any-model\n"}
        repository = a_repository(tmp_path / "r", files)
        environment = {"XDG_CONFIG_HOME": str(tmp_path)}

        with chdir(repository.path):
            result = CliRunner(env=environment).invoke(
                cli, ["eval", "prompts/reply.md"], catch_exceptions=False
            )

    assert result.exit_code == 0, result.output
    assert server.calls == 2
