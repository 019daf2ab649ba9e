"""
The seams. An adapter imports this package, the models and the errors, and nothing else of the house.

Each port's promises are held by one contract suite in ``tests/contracts``, the provider's in ``reve_core.testing``, run
against every adapter.
"""

from reve_core.ports.access import AccessStore
from reve_core.ports.blobs import BlobInfo, Blobs
from reve_core.ports.comparison_store import ComparisonStore
from reve_core.ports.engine import Engine, Presence
from reve_core.ports.guard_store import GuardStore
from reve_core.ports.job_store import BeatAnswer, CallOutcome, CancelAnswer, JobStore
from reve_core.ports.kind import ENTRY_POINTS, GUESSED, House, Kind, ListPrice, Prices, ProviderConfig
from reve_core.ports.operator_store import OperatorStore
from reve_core.ports.outbox import Outbox
from reve_core.ports.privacy_store import PrivacyStore
from reve_core.ports.provider import CallContext, Health, Provider, Resumable

__all__ = [
    "ENTRY_POINTS",
    "GUESSED",
    "AccessStore",
    "BeatAnswer",
    "BlobInfo",
    "Blobs",
    "CallContext",
    "CallOutcome",
    "CancelAnswer",
    "ComparisonStore",
    "Engine",
    "GuardStore",
    "Health",
    "House",
    "JobStore",
    "Kind",
    "ListPrice",
    "OperatorStore",
    "Outbox",
    "Presence",
    "Prices",
    "PrivacyStore",
    "Provider",
    "ProviderConfig",
    "Resumable",
]
