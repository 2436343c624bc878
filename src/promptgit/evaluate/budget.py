"""One hard cap over everything that is paid: the model, the judge and the mentor together."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from promptgit.core.evaluation import DECLINED
from promptgit.core.ports import Answer, Model, ModelIdentity, Request
from promptgit.core.spend import Spend
from promptgit.errors import BudgetSpent, CallFailed, UserError

PRICE = "set the price in promptgit.yaml, or give the budget in calls or tokens"
MORE = "raise the budget and run again: what was paid for is kept"
PERHAPS_BILLED = frozenset({"timeout", "malformed"})  # the provider did the work; we have no bill

_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(usd|calls?|tokens?)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cap:
    """What may be spent at most; None is no limit."""

    usd: float | None = None
    calls: int | None = None
    tokens: int | None = None  # input and output together

    @classmethod
    def read(cls, text: str) -> Cap:
        """
        Read a cap as a person types it; raises UserError.

        >>> Cap.read("2usd, 500 calls")
        Cap(usd=2.0, calls=500, tokens=None)
        """
        found: dict[str, float] = {}
        for part in text.split(","):
            match = _PART.match(part.strip())
            if not match:
                raise UserError(
                    f"{part.strip()!r} is not a budget",
                    hint="write it like 2usd, 500calls, 100000tokens, or several with commas",
                )
            found[match[2].lower().removesuffix("s")] = float(match[1])
        calls, tokens = found.get("call"), found.get("token")
        return cls(
            found.get("usd"),
            None if calls is None else int(calls),
            None if tokens is None else int(tokens),
        )

    def __str__(self) -> str:
        parts = [
            "" if self.usd is None else f"{_dollars(self.usd)} USD",
            "" if self.calls is None else f"{self.calls} calls",
            "" if self.tokens is None else f"{self.tokens} tokens",
        ]
        return " or ".join(part for part in parts if part) or "no limit"


class Budget:
    """
    Counts what is spent, from many threads, and refuses what would go over the cap.

    A call is counted before it is made, so the cap on calls is exact.  Its tokens and its price
    are known only afterwards: until then it counts as much as the average call so far, and the
    caps on tokens and money are overshot by the calls in flight at most.

    A price that nobody knows cannot be held against a cap in USD: the call is refused, unless
    `allow_unpriced`, and then counted in `unpriced_calls`.
    """

    def __init__(self, cap: Cap | None = None, *, allow_unpriced: bool = False) -> None:
        self.cap = cap or Cap()
        self._allow_unpriced = allow_unpriced
        self._lock = threading.Lock()
        self._spent: dict[str, Spend] = {}
        self._usd: dict[str, Fraction] = {}  # exact: the order in which answers come is chance
        self._in_flight = 0
        self._unpriced = False  # whether an answer came without a price
        self._paid_before: set[str] = set()
        self._lost_before: dict[str, int] = {}
        self._lost: Counter[str] = Counter()  # by request, until the request is settled

    @property
    def spend(self) -> Spend:
        with self._lock:
            return self._total()

    @property
    def by_purpose(self) -> dict[str, Spend]:
        """What was spent, by the `purpose` of the Metered models that spent it."""
        with self._lock:
            return dict(self._spent)

    @property
    def spent(self) -> bool:
        """Whether the next call would be refused."""
        with self._lock:
            return bool(self._reason(priced=True))

    def reserve(self, *, priced: bool = True) -> None:
        """Count a call that is about to be made; raise BudgetSpent if it may not be."""
        with self._lock:
            reason = self._reason(priced)
            if reason:
                raise BudgetSpent(reason, hint=PRICE if reason.startswith("nobody") else MORE)
            self._in_flight += 1

    def settle(self, spend: Spend, purpose: str = "") -> None:
        """Replace a reserved call by what it took: `Spend()` if it took nothing."""
        with self._lock:
            self._in_flight -= 1
            self._unpriced = self._unpriced or spend.unpriced_calls > 0
            self._add(spend, purpose)

    def lost(self, error: CallFailed, purpose: str = "", *, key: str = "") -> None:
        """
        Count a failed attempt that took the provider's time.

        What it may charge for all the same is counted at an unknown price, and what it declined
        for good at none.  What it had no time for (a rate limit, an outage) is no call.
        """
        if error.kind in PERHAPS_BILLED:
            self.lost_again(key, purpose, 1)
        if not error.fatal:
            self.declined(error.kind, purpose)

    def declined(self, kind: str, purpose: str = "") -> None:
        """Count a call that ended with a failure of this kind, if the provider declined it."""
        if kind == DECLINED:
            with self._lock:
                self._add(Spend(calls=1), purpose)

    def lost_again(self, key: str, purpose: str, count: int) -> None:
        """Count attempts for the request `key` that were lost, perhaps before a resume."""
        with self._lock:
            self._add(Spend(calls=count, unpriced_calls=count), purpose)
            self._lost[key] += count

    def losses(self, key: str) -> int:
        """Return how many attempts for this request were lost since this was asked last."""
        with self._lock:
            return self._lost.pop(key, 0)

    def already_paid(self, keys: Iterable[str], lost: Mapping[str, int] | None = None) -> None:
        """
        Name the answers that this very run paid for before it was interrupted.

        The first time that one is read from the cache it counts as spent, as it did then, with
        the attempts that were `lost` before it: a resumed run sees the same spend at the same
        point, and takes the same decisions.
        """
        with self._lock:
            self._paid_before.update(keys)
            self._lost_before.update(lost or {})

    def claim(self, key: str, answer: Answer, purpose: str = "") -> bool:
        """Count an answer from the cache if this run paid for it; say whether it did."""
        with self._lock:
            if key not in self._paid_before:
                return False
            self._paid_before.remove(key)
            lost = self._lost_before.pop(key, 0)
            self._add(spend_of(answer) + Spend(calls=lost, unpriced_calls=lost), purpose)
            return True

    def _add(self, spend: Spend, purpose: str) -> None:
        self._usd[purpose] = self._usd.get(purpose, Fraction()) + Fraction(spend.usd)
        so_far = self._spent.get(purpose, Spend()) + spend
        self._spent[purpose] = replace(so_far, usd=float(self._usd[purpose]))

    def _total(self) -> Spend:
        total = sum(self._spent.values(), Spend())
        return replace(total, usd=float(sum(self._usd.values(), Fraction())))

    def _reason(self, priced: bool) -> str:
        """Why the next call is refused; empty if it may be made."""
        cap, spent = self.cap, self._total()
        if cap.calls is not None and spent.calls + self._in_flight >= cap.calls:
            return f"the budget of {cap.calls} calls is spent"
        expected = 1 + self._in_flight / max(1, spent.calls)
        if cap.tokens is not None and spent.tokens * expected >= cap.tokens:
            return f"the budget of {cap.tokens} tokens is spent: {spent.tokens} used"
        if cap.usd is None:
            return ""
        if not self._allow_unpriced and (self._unpriced or not priced):
            cannot = f"so the budget of {_dollars(cap.usd)} USD cannot hold"
            return f"nobody knows what a call costs, {cannot}"
        if spent.usd * expected >= cap.usd:
            return f"the budget of {_dollars(cap.usd)} USD is spent: {spent.usd:.4f} paid"
        return ""


class Metered:
    """
    A model that pays from a budget.

    `purpose` labels its spend: model, judge, mentor.  `on_paid` is told (key, request, answer) of
    every paid answer before anybody may use it, so that a journal can outlive us.  `priced` says
    whether the price of this model's tokens is known beforehand.
    """

    def __init__(
        self,
        model: Model,
        budget: Budget,
        *,
        purpose: str = "model",
        on_paid: Callable[[str, Request, Answer], None] | None = None,
        priced: bool = True,
    ) -> None:
        self._model = model
        self._budget = budget
        self.purpose = purpose
        self._on_paid = on_paid
        self._priced = priced

    @property
    def identity(self) -> ModelIdentity:
        return self._model.identity

    def complete(self, request: Request) -> Answer:
        """Answer; raise BudgetSpent before the call when the budget does not allow it."""
        self._budget.reserve(priced=self._priced)
        spend = Spend()
        try:
            answer = self._model.complete(request)
            spend = spend_of(answer)
        finally:
            self._budget.settle(spend, self.purpose)
        if self._on_paid:
            self._on_paid(request.key(self.identity), request, answer)
        return answer

    def claim(self, key: str, answer: Answer) -> bool:
        """As Budget.claim, for this model's purpose."""
        return self._budget.claim(key, answer, self.purpose)


def spend_of(answer: Answer) -> Spend:
    """Return what an answer took when it was paid for."""
    tokens = answer.usage.input_tokens + answer.usage.output_tokens
    if answer.cost_usd is None:
        return Spend(calls=1, tokens=tokens, unpriced_calls=1)
    return Spend(calls=1, tokens=tokens, usd=answer.cost_usd)


def _dollars(usd: float) -> str:
    """
    Write an amount so that a small one is not lost.

    >>> _dollars(2), _dollars(0.0001)
    ('2.00', '0.0001')
    """
    return f"{usd:.2f}" if usd >= 0.01 else f"{usd:g}"
