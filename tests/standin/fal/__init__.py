"""
A stand-in for fal's queue: its life cycle, its hosts, its till, and every way to misbehave.

In a test: ``with FalStandIn() as fal: FalProvider(base_url=fal.url, file_hosts=(fal.files.url,), api_key=SecretStr(KEY), …)``.
Two servers, as there: the queue, and a host for files, which must never see the key: the ``with`` block fails where it has.
As a process of its own: ``python -m tests.standin.fal --port 8610``. ``rules.py`` one floor up says when a fault strikes;
its ``path`` is a step here: ``submit``, ``status``, ``result``, ``cancel``, ``file``.
"""

from tests.standin.fal.endings import ENDINGS, Ending
from tests.standin.fal.server import KEY, FalStandIn

__all__ = ["ENDINGS", "KEY", "Ending", "FalStandIn"]
