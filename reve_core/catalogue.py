"""What can be asked for here, for how much, and how long it usually takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reve_core import intake, strangers, waits
from reve_core.allowance import CREDITS_PER_USD, Turn, in_credits, in_usd
from reve_core.models import Job, JobRequest, Limits, ModelInfo, Price, ProviderState, Quote
from reve_core.ports import Health, JobStore, Provider

_UNKNOWN_LABEL = "AI-generated"
_SLOWEST_POLL_S = 10
BY_HAND = "Paused by hand."
BY_OPERATOR = "Paused by the operator."
_SPENT = "Its budget for today is spent"
_CLOSED = "It cannot be used for now."


@dataclass(frozen=True, slots=True)
class ProviderView:
    """A provider as the forms show it. ``state`` is None where it was never paused."""

    name: str
    title: str
    label: str
    models: tuple[ModelInfo, ...]
    state: ProviderState | None

    @property
    def paused(self) -> bool:
        return self.state is not None and self.state.paused

    def why(self, *, public: bool = False) -> str:
        """
        Why it is paused, empty where it is not. ``public``: for strangers, who are told nothing of keys, hosts and money.
        """
        if self.state is None or not self.state.paused:
            return ""
        reason = self.state.reason or ""
        if not public or reason in ("", BY_HAND, BY_OPERATOR):
            return reason
        return f"{_SPENT}." if reason.startswith(_SPENT) else _CLOSED


@dataclass(frozen=True, slots=True)
class Usual:
    """From and to in seconds. ``from_history``: of pictures that were made here, not the maker's word."""

    seconds: tuple[float, float]
    from_history: bool


class Catalogue:
    def __init__(
        self,
        *,
        store: JobStore,
        providers: Mapping[str, Provider],
        limits: Mapping[str, Limits],
        default_provider: str,
        public: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._providers = providers
        self._limits = limits
        self.default_provider = default_provider
        self.public = public
        self._clock = clock
        self._poll_after: dict[tuple[str, str], int] = {}

    def providers(self) -> list[ProviderView]:
        """All that are configured, the default one first."""
        states = self.states()
        names = sorted(self._providers, key=lambda name: name != self.default_provider)
        return [self._view(self._providers[name], states.get(name)) for name in names]

    def provider(self, name: str) -> ProviderView:
        """Also for a provider that is no longer configured, so that its old pictures can be shown."""
        provider = self._providers.get(name)
        if provider is None:
            return ProviderView(name, name.capitalize(), _UNKNOWN_LABEL, (), None)
        return self._view(provider, self.states().get(name))

    def states(self) -> dict[str, ProviderState]:
        """Of each provider that is, or was, paused: by a fault, by a person, or because its budget of the day is spent."""
        states = self._store.provider_states()
        for name, provider in self._providers.items():
            most = self._limits[name].daily_credits
            known = states.get(name)
            if most is None or (known is not None and known.paused):
                continue
            prices = [model.capabilities.price for model in provider.models]
            cheapest = min(in_credits(price.credits, price.usd) for price in prices)
            spent = self._store.spent_today(name)
            if cheapest and spent + cheapest > most + 1e-6:
                states[name] = self._spent_state(name, spent, most)
        return states

    def _spent_state(self, name: str, spent: float, most: float) -> ProviderState:
        today = datetime.fromtimestamp(self._clock(), UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        amounts = f"${spent / CREDITS_PER_USD:,.2f} of ${most / CREDITS_PER_USD:,.2f}"
        reason = f"{_SPENT} ({amounts})."
        return ProviderState(name, paused=True, until=today + timedelta(days=1), reason=reason, own_keys=True)

    def label(self, name: str) -> str:
        """The fixed mark of a provider's pictures."""
        provider = self._providers.get(name)
        return provider.label if provider else _UNKNOWN_LABEL

    def error_of(self, job: Job) -> tuple[str, str] | None:
        """
        What went wrong with a job, as its owner is told: a code for programs and a sentence. None where nothing did. The
        whole of it is for one's own app alone; visitors of a public link are told nothing of settings, hosts and money.
        """
        if self.public:
            return strangers.error_of(job)
        return (job.error_code or "error", job.error) if job.error else None

    def nearest_ratio(self, provider: str, model: str, width: int, height: int) -> str:
        """The ratio of that model, or of the defaults, that is closest to ``width`` by ``height``. Raises BadInput."""
        name = provider or self.default_provider
        found = self._providers.get(name)
        if found is None:
            raise intake.no_such_provider(name, self._providers)
        return intake.nearest_ratio(width, height, intake.find_model(found, model).capabilities.aspect_ratios)

    def poll_after_s(self, provider: str, model: str) -> int:
        """Seconds after which it is worth asking again about a job that is under way: a tenth of the usual wait."""
        if (provider, model) not in self._poll_after:
            found = self._providers.get(provider)
            if found is None:
                return _SLOWEST_POLL_S
            capabilities = next((each for each in found.models if each.id == model), found.models[0]).capabilities
            self._poll_after[provider, model] = min(max(round(capabilities.typical_s[0] / 10), 1), _SLOWEST_POLL_S)
        return self._poll_after[provider, model]

    def quote(self, request: JobRequest, count: int = 1, turn: Turn | None = None) -> Quote:
        """
        Price and wait for ``count`` pictures submitted now. The prompt does not matter; ``turn`` as for ``quotes``. Raises
        BadInput.
        """
        name = request.provider or self.default_provider
        provider = self._providers.get(name)
        if provider is None:
            raise intake.no_such_provider(name, self._providers)
        model = intake.find_model(provider, request.model)
        ahead = self._ahead(self._store.line(), name, model, turn)
        return self._quotes(name, model, ahead, (count,), turn)[0]

    def quotes(self, most: int, turn: Turn | None = None) -> dict[tuple[str, str], list[Quote]]:
        """
        Of every provider and model: the quotes for 1, 2, … ``most`` pictures, for somebody who stands in line like that;
        None: behind everybody.
        """
        line = self._store.line()
        counts = range(1, most + 1)
        return {
            (name, model.id): self._quotes(name, model, self._ahead(line, name, model, turn), counts, turn)
            for name, provider in self._providers.items()
            for model in provider.models
        }

    def quote_all(self, counts: Mapping[tuple[str, str], int], turn: Turn | None = None) -> Quote:
        """
        Price and wait for so many pictures of each provider and model, submitted together now. Providers work side by
        side; the models of one share its line. Where not all of them count in credits, the sum is in dollars alone.
        ``turn`` as for ``quotes``. Raises BadInput.
        """
        line = self._store.line()
        known = True
        prices: list[Quote] = []
        waits_of: dict[str, tuple[float, float]] = {}
        for (name, model_id), count in counts.items():
            provider = self._providers.get(name)
            if provider is None:
                raise intake.no_such_provider(name, self._providers)
            model = intake.find_model(provider, model_id)
            ahead = 0 if name in waits_of else self._ahead(line, name, model, turn)
            [quote] = self._quotes(name, model, ahead, (count,), turn)
            low, high = waits_of.get(name, (0.0, 0.0))
            waits_of[name] = (low + quote.low_s, high + quote.high_s)
            prices.append(quote)
            known = known and quote.from_history
        lows, highs = zip(*waits_of.values(), strict=True) if waits_of else ((0.0,), (0.0,))
        return Quote(*_sum(prices), max(lows), max(highs), from_history=known and bool(counts))

    def forecast(self, request: JobRequest) -> float:
        """What one picture is expected to cost, in credits; 0 for a model that is gone."""
        provider = self._providers.get(request.provider)
        model = next((each for each in provider.models if each.id == request.model), None) if provider else None
        price = model.capabilities.price if model else Price()
        return in_credits(price.credits, price.usd)

    def takes_seeds(self, name: str, model_id: str) -> bool:
        """Whether that model takes a seed; False for one that is no longer offered here."""
        provider = self._providers.get(name)
        return provider is not None and any(
            model.capabilities.seed for model in provider.models if model.id == model_id
        )

    def resumes(self, name: str, model_id: str) -> bool:
        """Whether that model's provider can be asked for an answer that was lost."""
        provider = self._providers.get(name)
        return provider is not None and any(
            model.capabilities.resumes for model in provider.models if model.id == model_id
        )

    def check(self, name: str) -> Health:
        """Ask the provider how it is, without spending."""
        return self._providers[name].check()

    def usual(self, provider: Provider, model_id: str) -> tuple[float, float]:
        """The usual wait of a model; of the provider's default one where a job names one that is gone."""
        models = {model.id: model for model in provider.models}
        declared = models.get(model_id, provider.models[0]).capabilities.typical_s
        return waits.usual(self._store.durations(provider.name, model_id), declared)

    def usually(self, name: str, model: ModelInfo) -> Usual:
        """How long a picture of that model takes, the line not counted."""
        history = self._store.durations(name, model.id)
        seconds = waits.usual(history, model.capabilities.typical_s)
        return Usual(seconds, from_history=len(history) >= waits.ENOUGH)

    def limits(self, name: str) -> Limits:
        return self._limits[name]

    def spent_today(self, name: str) -> float:
        """Since midnight (UTC), in credits; what is about to be sent included."""
        return self._store.spent_today(name)

    def title(self, name: str, model_id: str) -> str:
        """What made a picture: "Sketch", or "Reve · Reve 2" where one provider has several."""
        provider = self._providers.get(name)
        if provider is None:
            return name.capitalize()
        model = next((model.title for model in provider.models if model.id == model_id), model_id)
        return provider.title if model in ("", provider.title) else f"{provider.title} · {model}"

    def told_apart(self, name: str, model_id: str) -> str:
        """The model's title where several models' pictures carry the same mark, else empty."""
        label = self.label(name)
        alike = [
            (provider.name, model)
            for provider in self._providers.values()
            if provider.label == label
            for model in provider.models
        ]
        if len(alike) < 2:
            return ""
        return next((model.title for owner, model in alike if (owner, model.id) == (name, model_id)), "")

    def _ahead(self, line: Mapping[str, int], name: str, model: ModelInfo, turn: Turn | None) -> int:
        if turn is None or not line.get(name):
            return line.get(name, 0)
        price = model.capabilities.price
        return self._store.ahead(name, turn.name, in_credits(price.credits, price.usd))

    def _quotes(
        self, name: str, model: ModelInfo, ahead: int, counts: Iterable[int], turn: Turn | None = None
    ) -> list[Quote]:
        history = self._store.durations(name, model.id)
        one = waits.usual(history, model.capabilities.typical_s)
        price, at_once = model.capabilities.price, self._limits[name].concurrency
        return [
            Quote(
                price.credits * count,
                price.usd * count,
                *waits.in_line(
                    ahead + count,
                    at_once,
                    one,
                    mine=turn.waiting + count if turn else 0,
                    at_once=turn.at_once if turn else None,
                ),
                from_history=len(history) >= waits.ENOUGH,
            )
            for count in counts
        ]

    @staticmethod
    def _view(provider: Provider, state: ProviderState | None) -> ProviderView:
        return ProviderView(provider.name, provider.title, provider.label, tuple(provider.models), state)


def _sum(prices: Iterable[Quote]) -> tuple[int, float]:
    """Credits and dollars that both say the whole of it; credits are 0 where a part of it has no price in credits."""
    paid = [price for price in prices if price.credits or price.usd]
    if all(price.credits for price in paid):
        return sum(price.credits for price in paid), sum(price.usd for price in paid)
    return 0, sum(in_usd(price.credits, price.usd) for price in paid)
