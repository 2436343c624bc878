"""
A repository may name a provider, never redirect it (docs/cases.md, "Endpoints and keys").

Whoever can open a pull request can edit a repository's config.  Could it set an address, the
next run would send the reviewer's key there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from promptgit.core.located import Located, Path
from promptgit.errors import UserError

# As compared: in lower case, without `-` and `_`.
FORBIDDEN = re.compile(
    r"(api)?(base)?(url|host|endpoint)s?|api(base|version|key|keyenv|keyenvar|token)"
    r"|azureendpoint|secret|password|authorization|organization|(extra|default)?headers"
    r"|(http|https|all)?prox(y|ies)|providers|envfile|dotenv|cabundle|(ssl)?verify(ssl)?|insecure"
    r"|extra(body|query)"
)
HINT = (
    "a repository only names a provider; keys and addresses come from the environment "
    "(OPENAI_API_KEY, OPENAI_BASE_URL) or from ~/.config/promptgit/config.yaml: "
    "`providers: {NAME: {base_url: …, api_key_env: …}}`"
)


def refuse_redirects(located: Located, *, free: frozenset[str] = frozenset()) -> None:
    """Raise UserError where a repository's file would say whom to call; skip the keys `free`."""
    for path in _keys(located.data, (), free):
        name = str(path[-1])
        if FORBIDDEN.fullmatch(re.sub(r"[-_ ]", "", name).lower()):
            raise UserError(
                f"{located.at(path, key=True)}: {name!r} may not be set in a repository, "
                "because a pull request could then send your keys elsewhere",
                hint=HINT,
            )


def _keys(node: Any, path: Path, free: frozenset[str]) -> Iterator[Path]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield (*path, name)
            if name not in free:
                yield from _keys(value, (*path, name), free)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _keys(value, (*path, index), free)
