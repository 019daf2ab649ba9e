"""
A stand-in for servers with an OpenAI-style images API, in six dialects: a till that counts, and every way to misbehave.

In a test: ``with ImagesServer(dialect="localai") as server:`` and a provider for ``server.url + "/v1"``. As a process of its
own: ``python -m tests.standin.openai --port 8601 --dialect vllm``.
"""

from tests.standin.openai.server import KEY, ImagesServer

__all__ = ["KEY", "ImagesServer"]
