"""Makes the models and the suite of one command: they share a cache, a budget and a clock."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptgit import plugins
from promptgit.cli import telling
from promptgit.cli.halting import haltable
from promptgit.config import CONFIG_FILE, Config, EvalFile, ModelChoice, Provider
from promptgit.core.dataset import Dataset
from promptgit.core.ports import Answer, AnswerStore, Embedder, Model, ModelIdentity, Request
from promptgit.core.price import Price
from promptgit.edges.clock import SystemClock
from promptgit.errors import KeyMissing, UserError
from promptgit.evaluate.budget import Budget, Metered
from promptgit.evaluate.cache import Cached
from promptgit.evaluate.keyless import Keyless
from promptgit.evaluate.kinds import kinds
from promptgit.evaluate.retry import Retrying
from promptgit.evaluate.suite import Suite, bind, default_assertions
from promptgit.models.endpoints import Endpoint, endpoint_for, split_name
from promptgit.models.prices import Prices, list_prices
from promptgit.models.replay import Replay

if TYPE_CHECKING:
    from promptgit.cli.wiring import Repository

OnPaid = Callable[[str, str, Request, Answer], None]  # purpose, key, request, answer
FREE = ("offline", "replay")  # providers that nobody pays
PROVIDERS_EMBEDDER = "text-embedding-3-small"  # what `embedder: provider` asks a provider for


@dataclass(frozen=True)
class Bench:
    """Where one command's models are made."""

    config: Config
    store: AnswerStore
    budget: Budget
    on_paid: OnPaid | None = None
    outermost: Callable[[Model, str], Model] = lambda model, purpose: model  # around all others
    estimates_only: bool = False  # nobody will be called, so no key is needed
    spares_keyless: bool = False  # a model without a key fails when it is asked, and no sooner

    def model(self, choice: ModelChoice, purpose: str) -> Model:
        """A model that remembers, pays from the budget and tries again, in that order."""
        return self._careful(self.bare(choice), purpose)

    def _careful(self, bare: Model, purpose: str) -> Model:
        self._refuse_unpriced(bare)
        metered = Metered(
            self._patient(bare, purpose),
            self.budget,
            purpose=purpose,
            on_paid=self._telling(purpose),
            priced=self.price(bare) is not None,
        )
        self._tell(bare, purpose)
        # A recording says itself whose answers it holds: they must not pass for that model's.
        stored = metered if isinstance(bare, Replay) else Cached(metered, self.store)
        return telling.overheard(haltable(self.outermost(stored, purpose)), purpose)

    def _tell(self, bare: Model, purpose: str) -> None:
        price, host = self.price(bare), bare.identity.host.rpartition("@")[2]
        where = f"at {host}" if host else "which calls nobody"
        cost = "at an unknown price"
        if price:
            cost = f"{price.input:g} USD in and {price.output:g} USD out per million tokens"
        telling.fact(f"{purpose}: {bare.identity}, {where}; {cost}")

    def bare(self, choice: ModelChoice) -> Model:
        """The model as its plug-in makes it; raises KeyMissing, unless that is to be spared."""
        provider, name = provider_of(choice.name)
        try:
            made: Model = self._made(plugins.model_factory(provider), provider, name, choice)
        except KeyMissing as missing:
            if not self.spares_keyless:
                raise
            return Keyless(replace(self, estimates_only=True).bare(choice), missing)
        return made

    def _made(self, factory: Any, provider: str, name: str, choice: ModelChoice) -> Any:
        """Give a factory what its parameters ask for: a plug-in need not know of prices."""
        from inspect import signature

        known = {
            "options": choice.options,
            "endpoint": self.endpoint(provider),
            "price": self.prices.of(ModelIdentity(provider, name)),
            "timeout_s": self.config.timeout_s,
        }
        wanted = signature(factory).parameters
        return factory(choice.name, **{key: known[key] for key in known if key in wanted})

    def endpoint(self, provider: str) -> Endpoint | None:
        """Where a provider is reached: the user's own config, the environment, or known."""
        if provider in FREE:
            return None
        own = self.config.providers.get(provider, Provider(provider))
        return endpoint_for(
            provider,
            os.environ,
            base_url=own.base_url,
            api_key=os.environ.get(own.api_key_env, "") if own.api_key_env else "",
            needs_key=not self.estimates_only,
        )

    @property
    def prices(self) -> Prices:
        """The list prices, with what the user knows better before them."""
        own = dict(self.config.prices)
        for provider in self.config.providers.values():
            own |= {f"{provider.name}/{name}": price for name, price in provider.prices.items()}
        return list_prices().overridden(own)

    def price(self, model: Model) -> Price | None:
        if model.identity.provider in FREE:
            return Price(0.0, 0.0)
        return self.prices.of(model.identity)

    def _refuse_unpriced(self, bare: Model) -> None:
        """Raise UserError for a cap in USD over calls that nobody knows the price of."""
        if self.budget.cap.usd is None or self.price(bare) is not None:
            return
        name = bare.identity.model
        raise UserError(
            f"nobody knows what a call of {bare.identity.provider}/{name} costs, "
            f"so a budget of {self.budget.cap} cannot hold",
            hint="give the budget in calls (--budget 500calls), or say the price, in US dollars "
            f"per million tokens, in promptgit.yaml:\n  prices: {{{bare.identity.provider}/{name}: "
            "{input: 0.25, output: 2.0}}",
        )

    def suite(
        self, repository: Repository | None, asked: EvalFile, cases: Dataset, *, allow_code: bool
    ) -> Suite:
        """
        Bind the assertions of the eval file, or those that fit the cases.

        Without a repository no assertion may name a file.
        """
        assertions = asked.assertions or self.config.assertions or default_assertions(cases)
        wanted = kinds(assertions, cases)
        injected: dict[str, Any] = {
            "allow_code": allow_code,
            "read_file": lambda path: _file(repository, asked, path),
            "embedder": self._embedder(
                cases, wanted, repository.git.cwd if repository else Path.cwd()
            ),
            "judge": self.model(self.config.judge, "judge") if "llm-rubric" in wanted else None,
        }
        where, places = asked.file or "assert", asked.places
        if not asked.assertions and self.config.assertions:
            where, places = f"{CONFIG_FILE}, defaults", ()
        return bind(assertions, plugins.scorer, injected=injected, where=where, places=places)

    def _embedder(self, cases: Dataset, wanted: frozenset[str], checkout: Path) -> Embedder | None:
        if "similar" not in wanted:
            return None
        name = self.config.embedder
        if name == "lexical":
            from promptgit.scorers.lexical import LexicalEmbedder

            return LexicalEmbedder(_texts(cases))
        if name.split("/")[0] == "sentence-transformers":
            from promptgit.scorers.sentences import SentenceEmbedder

            return SentenceEmbedder(name.partition("/")[2], untrusted=checkout)
        from promptgit.models import embeddings

        if name == "provider":
            if provider_of(self.config.model.name)[0] in FREE:
                raise UserError(
                    f"`embedder: provider` needs a provider, and {self.config.model.name} is none",
                    hint="write `embedder: lexical`, which needs no network",
                )
            name = f"{provider_of(self.config.model.name)[0]}/{PROVIDERS_EMBEDDER}"
        provider, model = provider_of(name)
        found = self._made(embeddings.factory, provider, model, ModelChoice(name))
        return embeddings.Cosine(self._careful(found, "embedder"))

    def _patient(self, model: Model, purpose: str) -> Model:
        return Retrying(
            model,
            SystemClock(),
            attempts=self.config.retries + 1,
            rng=random.Random(0),  # noqa: S311  (jitter)
            on_failure=lambda request, error: self.budget.lost(
                error, purpose, key=request.key(model.identity)
            ),
            on_wait=partial(telling.retrying, purpose),
        )

    def _telling(self, purpose: str) -> Callable[[str, Request, Answer], None] | None:
        tell = self.on_paid
        if tell is None:
            return None
        return lambda key, request, answer: tell(purpose, key, request, answer)


def provider_of(name: str) -> tuple[str, str]:
    """
    Split what a config calls a model into provider and model.

    >>> provider_of("offline"), provider_of("gpt-5-mini")
    (('offline', ''), ('openai', 'gpt-5-mini'))
    """
    return (name, "") if name in FREE else split_name(name)


def _file(repository: Repository | None, asked: EvalFile, path: str) -> str:
    """The text of a file that an assertion names, beside the eval file or from the top level."""
    from promptgit.config import places

    if repository is None:
        raise UserError(
            f"the file {path!r} is looked for in a repository, and there is none",
            hint="write the value itself, or work in a Git repository",
        )
    found = places.inside(asked.file, path)
    data = repository.tree.read(found) if found else None
    if data is None:
        raise UserError(f"{asked.file}: there is no file {path!r} in this repository")
    repository.refuse_ignored(found or path, f"{asked.file} names {path!r}")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UserError(f"{asked.file}: {path!r} is not UTF-8 text") from error


def _texts(cases: Dataset) -> Iterator[str]:
    """Everything that the cases say, for the lexical embedder to learn which words are rare."""
    for case in cases:
        yield from case.inputs.values()
        yield case.expected or ""
