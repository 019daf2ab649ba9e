"""
A stand-in for the Reve service: its HTTP contract, a till that counts, and every way to misbehave.

In a test: ``with StandIn() as reve: ReveProvider(base_url=reve.url, api_key=SecretStr(reve.key))``. As a process of its
own: ``python -m tests.standin --port 8600``. See ``faults.py`` for the ways to misbehave, ``rules.py`` for when, and
``control.py`` for the switches that another process can reach.
"""

from tests.standin.server import KEY, StandIn

__all__ = ["KEY", "StandIn"]
