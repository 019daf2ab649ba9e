"""A client and a context for the tests of the Reve provider."""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any

from pydantic import SecretStr

from reve_core.models import JobRequest
from reve_core.ports import CallContext
from reve_core.providers.reve import ReveProvider
from tests.standin import KEY, StandIn

FOX = JobRequest(prompt="a red fox", aspect_ratio="3:2", provider="reve")
DRAFT = FOX.model_copy(update={"model": "reve-v1"})


def provider_for(standin: StandIn, **changes: Any) -> ReveProvider:
    """A client for this server, with short patience."""
    usual = {"base_url": standin.url, "api_key": SecretStr(KEY), "connect_timeout_s": 5, "ssl_context": _usual_tls()}
    return ReveProvider(**{**usual, **changes})


@cache
def _usual_tls() -> ssl.SSLContext:
    """One for all tests, for reading the certificates takes a while."""
    return ssl.create_default_context()


def context(timeout_s: float = 20.0, key: str = "job-1") -> CallContext:
    return CallContext(key=key, timeout_s=timeout_s)
