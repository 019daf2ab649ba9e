"""A page's websocket as a program opens it: the handshake, frames of Streamlit's own kind, and what comes back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.app.process import App


def rerun(page: str = "", query: str = "") -> bytes:
    """The frame that a page sends when it is opened, and at each click. ``query`` is what its address has behind “?”."""
    frame = BackMsg()
    frame.rerun_script.query_string = query
    frame.rerun_script.page_name = page
    return bytes(frame.SerializeToString())


def open_socket(app: App, headers: Mapping[str, str] | None = None) -> ClientConnection | int:
    """The socket; or the status that it was refused with."""
    try:
        made = connect(
            f"ws://127.0.0.1:{app.port}/_stcore/stream",
            additional_headers=dict(headers or {}),
            subprotocols=["streamlit"],  # type: ignore[list-item]
            compression=None,
            max_size=None,
            open_timeout=30,
            close_timeout=1,
            proxy=None,
        )
        return made.__enter__()  # whoever asked for it closes it
    except InvalidStatus as refused:
        return refused.response.status_code


def heard(socket: ClientConnection, *, timeout: float = 30) -> Iterator[ForwardMsg]:
    """What the server sends, until it closes or a script run has ended."""
    while True:
        message = ForwardMsg()
        try:
            data = socket.recv(timeout=timeout)
        except ConnectionClosed:
            return
        assert isinstance(data, bytes)
        message.ParseFromString(data)
        yield message
        if message.WhichOneof("type") == "script_finished":
            return


def closed_with(socket: ClientConnection, timeout: float = 30) -> int:
    """The code that the server closes this socket with; what it says before does not matter."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            socket.recv(timeout=timeout)
    assert socket.protocol.close_rcvd is not None
    return socket.protocol.close_rcvd.code
