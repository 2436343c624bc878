"""Every test runs under the worst Git settings a user could have, and in none of the caller's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

HOSTILE = """\
[user]
    useConfigOnly = true
[core]
    editor = false
    pager = false
    commentChar = P
    quotePath = true
    abbrev = 4
    attributesFile = {attributes}
[commit]
    template = {template}
    cleanup = strip
    verbose = true
[trailer]
    ifexists = replace
    ifmissing = doNothing
    separators = "="
[color]
    ui = always
[diff]
    external = false
    noprefix = true
    mnemonicPrefix = true
    renames = copies
    context = 0
    interHunkContext = 9
    wordRegex = .
    colorMoved = zebra
[diff "lossy"]
    textconv = true
    command = false
[apply]
    whitespace = fix
    ignoreWhitespace = change
[log]
    showSignature = true
    decorate = full
    date = relative
    abbrevCommit = true
    mailmap = true
[format]
    pretty = oneline
[i18n]
    commitEncoding = latin1
    logOutputEncoding = latin1
[status]
    short = true
    branch = true
[grep]
    patternType = perl
[blame]
    showEmail = true
    coloring = highlightRecent
[push]
    default = nothing
    followTags = true
[fetch]
    prune = true
    writeCommitGraph = true
[merge]
    ff = only
[advice]
    detachedHead = false
"""


@pytest.fixture(scope="session", autouse=True)
def hostile_git_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Point Git at a global config that breaks whoever trusts the defaults."""
    home = tmp_path_factory.mktemp("hostile-git")
    template = home / "commit-template"
    template.write_text("Fill in the ticket number:\n", encoding="utf-8")
    attributes = home / "attributes"
    attributes.write_text("* diff=lossy\n", encoding="utf-8")
    config = home / "config"
    config.write_text(
        HOSTILE.format(template=template.as_posix(), attributes=attributes.as_posix()),
        encoding="utf-8",
    )
    with pytest.MonkeyPatch.context() as patch:
        foreign = ("GIT_", "GITHUB_", "RUNNER_")  # the runner of our own CI, too
        for name in [name for name in os.environ if name.startswith(foreign) or name == "CI"]:
            patch.delenv(name)
        patch.setenv("GIT_CONFIG_GLOBAL", str(config))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield config
