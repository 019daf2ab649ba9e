"""From what a person asked to what the store keeps: every rule that can say no before anything costs anything."""

import hashlib
import math
import secrets
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from reve_core.errors import BadInput
from reve_core.models import FORGOTTEN, JobRequest, ModelInfo, Once, ratio_of
from reve_core.ownkeys import OwnKeys
from reve_core.ports import Provider

MAX_IMAGES = 16  # of one prompt in one submission; the Create page offers fewer
MAX_KEY = 255
_SEEDS = 2**32
_UNSEEN = frozenset(("Cc", "Cf", "Zl", "Zp", "Zs"))  # what a prompt of nothing else cannot describe a picture with


def resolve(request: JobRequest, providers: Mapping[str, Provider], default: str) -> tuple[JobRequest, ModelInfo]:
    """
    The request with provider and model named, checked against what that model can do.

    Raises BadInput, each a sentence that says what to do. The prompt itself is never altered.
    """
    name = request.provider or default
    provider = providers.get(name)
    if provider is None:
        raise no_such_provider(name, providers)
    model = find_model(provider, request.model)
    able = model.capabilities
    check_prompt(request.prompt, able.max_prompt_chars, model.title)
    ratio = request.aspect_ratio or able.default_ratio
    if ratio not in able.aspect_ratios:
        raise BadInput(
            f"{model.title} cannot make the ratio “{ratio}”. Choose one of: {', '.join(able.aspect_ratios)}.",
            "aspect_ratio",
        )
    if request.seed is not None and not able.seed:
        raise BadInput(f"{model.title} has no seeds. Leave the seed empty.", "seed")
    return request.model_copy(update={"provider": name, "model": model.id, "aspect_ratio": ratio}), model


def own_keys(
    requests: Iterable[JobRequest],
    providers: Mapping[str, Provider],
    kept: OwnKeys | None,
    owner: str,
    offered: Mapping[str, str],
) -> dict[str, str]:
    """
    By provider, the visitor's own keys that these requests would be paid with. Raises BadInput where one is needed and
    there is none, or it is not kept any more.
    """
    used: dict[str, str] = {}
    for name, model_id in dict.fromkeys((request.provider, request.model) for request in requests):
        model = find_model(providers[name], model_id)
        able = model.capabilities.own_key
        if kept is not None and able != "no" and name in offered:
            kept.check(offered[name], owner=owner, provider=name)
            used[name] = offered[name]
        elif able == "must":
            raise BadInput(
                f"{model.title} needs a key of your own here: this link has none. Enter one, or choose another model.",
                "provider",
            )
    return used


def no_such_provider(name: str, providers: Mapping[str, Provider]) -> BadInput:
    return BadInput(
        f"There is no provider called “{name}” here. Choose one of: {', '.join(providers)}. "
        "One that needs a key or an address appears when that is set.",
        "provider",
    )


def find_model(provider: Provider, model_id: str) -> ModelInfo:
    """The model of that id, or the provider's default for an empty one. Raises BadInput."""
    if not model_id:
        return provider.models[0]
    for model in provider.models:
        if model.id == model_id:
            return model
    known = ", ".join(model.id for model in provider.models)
    raise BadInput(f"{provider.title} has no model “{model_id}”. Choose one of: {known}.", "model")


@lru_cache
def nearest_ratio(width: int, height: int, ratios: tuple[str, ...]) -> str:
    """The ratio that distorts least: as much too wide counts as much too tall."""

    def off(ratio: str) -> float:
        w, h = ratio_of(ratio)
        return abs(math.log(width / height) - math.log(w / h))

    return min(ratios, key=off)


def check_prompt(prompt: str, max_chars: int, title: str) -> None:
    if all(unicodedata.category(char) in _UNSEEN for char in prompt):
        raise BadInput("The prompt is empty. Describe the picture you would like.", "prompt")
    if prompt.strip() == FORGOTTEN:
        raise BadInput("These words were refused here and are not kept. Write others, or take their row out.", "prompt")
    if len(prompt) > max_chars:
        raise BadInput(
            f"The prompt has {len(prompt):,} characters; {title} takes {max_chars:,}. "
            f"Shorten it by {len(prompt) - max_chars:,}.",
            "prompt",
        )
    if not prompt.isprintable() and any(
        unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\n\r" for char in prompt
    ):
        raise BadInput(
            "The prompt contains an invisible control character. Type it again or paste it as plain text.", "prompt"
        )


def spread(request: JobRequest, model: ModelInfo, count: int) -> list[JobRequest]:
    """
    One request per picture. Where seeds exist each gets its own, so that several pictures differ and each can be made
    again: counting up from the given one, or drawn at random.
    """
    if not 1 <= count <= MAX_IMAGES:
        raise BadInput(f"Ask for 1 to {MAX_IMAGES} pictures at a time, not {count}.", "count")
    if not model.capabilities.seed:
        return [request] * count
    if request.seed is None:
        return [request.model_copy(update={"seed": secrets.randbelow(_SEEDS)}) for _ in range(count)]
    return [request.model_copy(update={"seed": (request.seed + step) % _SEEDS}) for step in range(count)]


def check_key(key: str) -> None:
    """Raises BadInput for what cannot be an idempotency key."""
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        raise BadInput(
            f"An Idempotency-Key has 1 to {MAX_KEY} printable characters; a random UUID is the usual choice.",
            "Idempotency-Key",
        )


def once(key: str, wanted: Sequence[tuple[JobRequest, int]], callback_url: str | None) -> Once:
    """The idempotency key with a digest of what was asked for, before any seed was drawn. Raises BadInput."""
    check_key(key)
    digest = hashlib.sha256(repr(callback_url).encode())
    for request, count in wanted:
        digest.update(f"{count} {request.model_dump_json()}\n".encode())
    return Once(key, digest.hexdigest())
