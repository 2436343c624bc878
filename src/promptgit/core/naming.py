"""What a prompt is called by people, given the path of its file."""

from __future__ import annotations

from posixpath import basename, splitext

YAML_PROMPTS = (".prompt.yml", ".prompt.yaml")  # of GitHub Models; no case file ends like this


def stem_of(prompt: str) -> str:
    """
    Return the path of a prompt without its suffix: what lies beside it begins like this.

    >>> [stem_of(path) for path in ("a/reply.md", "a/reply.prompt.yml", "a/reply.v2.prompt")]
    ['a/reply', 'a/reply', 'a/reply.v2']
    """
    suffix = next((suffix for suffix in YAML_PROMPTS if prompt.endswith(suffix)), "")
    return prompt.removesuffix(suffix) if suffix else splitext(prompt)[0]


def name_of(prompt: str) -> str:
    """
    Return what commands and commits call a prompt.

    >>> name_of("prompts/reply.prompt.yml")
    'reply'
    """
    return basename(stem_of(prompt))
