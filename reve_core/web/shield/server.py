"""What the server itself is told where no setting of Streamlit's reaches it: uvicorn is not ours to start."""

from __future__ import annotations

import signal

import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from reve_core.web.shield.sockets import MAX_FRAME


def tighten(*, public: bool) -> bool:
    """
    Say nothing of the software, believe no proxy's headers but those that ``REVE_TRUSTED_HOPS`` counts, and in public mode
    read no websocket frame that is larger than any of ours. False where no server of uvicorn's runs this process.

    Call it while the app starts up: later connections heed it.
    """
    server = _running()
    if server is None:
        return False
    config = server.config
    config.server_header = False
    config.encoded_headers = [pair for pair in config.encoded_headers if pair[0] != b"server"]
    if isinstance(config.loaded_app, ProxyHeadersMiddleware):
        # With FORWARDED_ALLOW_IPS=* it would take the visitor's own word for their address.
        config.loaded_app = config.loaded_app.app
    if public:
        config.ws_max_size = min(config.ws_max_size, 2 * MAX_FRAME)  # ours closes it first, and counts it
    return True


def _running() -> uvicorn.Server | None:
    """It has set its handlers of signals before the app starts up."""
    for number in (signal.SIGTERM, signal.SIGINT):
        server = getattr(signal.getsignal(number), "__self__", None)
        if isinstance(server, uvicorn.Server):
            return server
    return None
