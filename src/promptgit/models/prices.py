"""What the models of known providers cost, as of a day; the user's config overrides it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from promptgit.core.ports import ModelIdentity
from promptgit.core.price import Price
from promptgit.models.endpoints import KNOWN

TABLE = Path(__file__).with_name("prices.json")

_DATED = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4,8}|latest)\Z")


@dataclass(frozen=True, slots=True)
class Prices:
    """List prices by `provider/model`; a gateway may charge otherwise."""

    as_of: str  # the day they were looked up, YYYY-MM-DD
    by_model: Mapping[str, Price]

    def of(self, identity: ModelIdentity) -> Price | None:
        """
        Return the price of a model, or None when nobody knows it.

        A dated name is priced as the name without its date.  A model that runs on the user's own
        machine costs nothing.
        """
        known = KNOWN.get(identity.provider)
        name = f"{identity.provider}/{identity.model}"
        for candidate in (name, _DATED.sub("", name)):
            if candidate in self.by_model:
                return self.by_model[candidate]
        return Price(0.0, 0.0) if known and known.local else None

    def overridden(self, own: Mapping[str, Price]) -> Prices:
        """Return the table with the user's own prices before ours; plain names are OpenAI's."""
        named = {name if "/" in name else f"openai/{name}": price for name, price in own.items()}
        return Prices(self.as_of, {**self.by_model, **named})


@lru_cache(maxsize=1)
def list_prices() -> Prices:
    """Read the table that comes with the package."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    prices = {name: Price(*numbers) for name, numbers in table["usd_per_million_tokens"].items()}
    return Prices(table["as_of"], prices)
