"""Git itself as the judge of the diffs that we derive."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from promptgit.core.patch import Patch
from promptgit.edges.git import Git


@pytest.fixture(scope="session")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Patch], str]:
    """What `git apply --cached` makes of the text before a patch; it is asked to --check first."""
    where = tmp_path_factory.mktemp("repository")
    Git(where, where, where, False, "sha1").write("init", "--quiet", ".")
    git = Git.discover(where)
    exact = ("-c", "apply.whitespace=nowarn", "-c", "apply.ignoreWhitespace=no")

    def apply(patch: Patch) -> str:
        before = patch.before.encode()
        blob = git.write("hash-object", "-w", "--stdin", stdin=before).decode().strip()
        git.write("update-index", "--add", "--cacheinfo", f"100644,{blob},{patch.path}")
        for mode in (["--check"], []):
            git.write(*exact, "apply", "--cached", *mode, "-", stdin=patch.diff.encode())
        return git.read("cat-file", "blob", f":{patch.path}").decode()

    return apply
