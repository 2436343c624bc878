"""The command `promptgit`: which commands there are, and what becomes of an error."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from promptgit import __version__
from promptgit.errors import PromptgitError

# Summaries stand here so that `promptgit --help` imports no command; a test holds them equal.
SECTIONS = {
    "Start": {
        "init": "Set up promptgit in this repository",
        "demo": "Make a repository and improve a worked example, offline",
        "doctor": "Check Git, config, models and caches",
    },
    "Work": {
        "lint": "Find mistakes in prompts, offline",
        "graph": "Draw which prompts include which files, and which pipelines use them",
        "eval": "Run a prompt on its cases and show the scores",
        "suite": "Run a prompt on several models and say which is better",
        "improve": "Search for a better prompt and commit what is proven",
        "runs": "List runs and show what each one tried",
        "check": "Say whether a change makes a prompt worse",
        "review": "Show what a change of prompts does, case by case",
    },
    "History": {
        "log": "Show the history of prompts with their scores",
        "show": "Show one commit with its evidence",
        "diff": "Compare a prompt and its scores between two revisions",
        "blame": "Show which commit wrote each line and what it bought",
        "bisect": "Find the commit that broke a case or a metric",
        "revert": "Undo a change of a prompt, knowing the score that comes back",
        "verify": "Check the claims in commit messages against the records",
        "sync": "Exchange evidence records with a remote",
    },
    "Production": {
        "logs": "Import and look at what production said and heard",
        "flywheel": "Turn production logs into alarms, improvements and rollouts",
        "deploy": "Put a text of a prompt into an environment, for a share of the units",
        "promote": "Give a candidate its next share, at last everybody",
        "abort": "End a rollout: everybody gets the stable text again",
        "status": "Show what is live where: shares, since when, the next step",
        "bundle": "Write what is live as one file, to serve from without Git",
        "library": "Share what was learnt with other applications, and adopt it",
    },
    "GitHub": {
        "github": "Tell GitHub what a check found",
        "pr-body": "Print the body of a pull request, with the evidence at its end",
    },
    "Tools": {
        "trailers": "Check the evidence in a commit message, as a hook",
        "completion": "Print a shell completion script",
        "export": "Write prompts as other tools import them",
        "schema": "Print the JSON Schema of the config files",
        "help": "Show the help of a command",
    },
}


class Commands(click.Group):
    """Finds a command in the file that is named as it is typed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for section in SECTIONS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = import_module(f"promptgit.cli.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        _refuse_empty(args)
        args = _with_flags_in_front(ctx, args)
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            close = get_close_matches(args[0], self.list_commands(ctx), n=1)
            if not close:
                raise
            raise click.UsageError(f"{error.message} Did you mean {close[0]!r}?", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl(list(commands.items()))


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `promptgit demo`, or `promptgit init` in a repository of yours.",
)
@click.version_option(__version__, "-V", "--version", prog_name="promptgit")
@click.option("-C", "directory", metavar="DIR", help="Act as if started in DIR")
@click.option("-q", "--quiet", is_flag=True, help="Print results only, no progress")
@click.option("-v", "--verbose", is_flag=True, help="Say what is read, asked and retried")
@click.pass_context
def cli(ctx: click.Context, directory: str | None, quiet: bool, verbose: bool) -> None:
    """Improve prompts, prove it, and keep the evidence in Git."""
    if directory is not None:
        try:
            os.chdir(directory)
        except OSError as error:
            raise click.BadParameter(f"cannot go to {directory!r}: {error.strerror}") from error
    ctx.obj = {"quiet": quiet, "verbose": verbose}
    if verbose:
        from promptgit.cli.telling import aloud

        ctx.with_resource(aloud())


def main() -> NoReturn:
    """Run the command line; every way out has its exit code (DESIGN §9)."""
    from promptgit.cli.interrupts import interruptible, leave_hook_environment
    from promptgit.cli.streams import open_streams

    open_streams()
    leave_hook_environment()
    with interruptible():
        sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    from promptgit.cli.streams import discard_output

    try:
        code = cli.main(arguments, prog_name="promptgit", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except PromptgitError as error:
        _say(error.message, error.hint)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return 130
    except (BrokenPipeError, SystemExit):
        # Whoever read our output has gone (`promptgit log | head`): be quiet, like git.  Click
        # turns that into an exit code of 1, which for us is an answer: no.
        discard_output()
        return 0
    except OSError as error:  # one that nobody foresaw: a full disk, a file that may not be read
        discard_output()
        where = f"{error.filename}: " if error.filename else ""
        _say(f"{where}{error.strerror or error}", "is the disk full, or read-only?")
        return 3
    except Exception as error:  # noqa: BLE001  (the one boundary: a bug becomes exit 4 and a log)
        from promptgit.cli.crash import log_crash

        _say(
            f"a bug in promptgit: {type(error).__name__}: {error}",
            f"please report it, with {log_crash(error, arguments)}",
        )
        return 4


def _say(message: str, hint: str) -> None:
    click.secho(f"error: {_visible(message)}", fg="red", err=True, bold=True)
    if hint:
        click.echo(f"hint: {_visible(hint)}", err=True)


def _visible(text: str) -> str:
    """Names and models bring orders along: neither a terminal nor a runner must obey them."""
    from promptgit.cli.streams import for_runner

    text = for_runner(text)
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _with_flags_in_front(ctx: click.Context, words: list[str]) -> list[str]:
    """Take -q and -v where people type them: behind the command as well as before it."""
    flags = {"-q": "quiet", "--quiet": "quiet", "-v": "verbose", "--verbose": "verbose"}
    end = words.index("--") if "--" in words else len(words)
    for word in set(words[:end]) & set(flags):
        ctx.params[flags[word]] = True
    return [word for word in words[:end] if word not in flags] + words[end:]


def _refuse_empty(words: list[str]) -> None:
    """`--budget "$UNSET"` is not the same as no budget."""
    for before, word in zip(["promptgit", *words], words, strict=False):
        if not word.strip():
            raise click.UsageError(f"The value after {before!r} is empty: is a variable unset?")
        if word.startswith("--") and word.endswith("="):
            raise click.UsageError(f"The value of {word[:-1]!r} is empty: is a variable unset?")


if __name__ == "__main__":
    main()
