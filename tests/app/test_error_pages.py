"""A page whose script fails tells its visitor nothing of the inside: no message, no file, and no link that carries them off."""

from __future__ import annotations

from pathlib import Path

from websockets.sync.client import ClientConnection

from tests.app.process import App
from tests.app.websocket import heard, open_socket, rerun

CANARY = "papi.canary-in-an-error-not-a-real-key"


def test_what_a_visitor_gets_of_a_bug_is_that_there_was_one(tmp_path: Path) -> None:
    (tmp_path / "failing_page.py").write_text(f"raise ValueError('{CANARY} in /srv/inside')\n")
    (tmp_path / "failing_app.py").write_text(
        "from pathlib import Path\nimport streamlit as st\napp = st.App(Path(__file__).parent / 'failing_page.py')\n"
    )
    app = App(tmp_path / "data", launcher="uvicorn app:app")  # with the options that stand in .streamlit/config.toml
    app._command = [part if part != "app:app" else "failing_app:app" for part in app._command]
    app._command += ["--app-dir", str(tmp_path)]
    with app:
        made = open_socket(app)
        assert isinstance(made, ClientConnection)
        made.send(rerun())
        messages = [message for message in heard(made) if message.WhichOneof("type") == "delta"]
        made.close()
    assert any(message.delta.new_element.WhichOneof("type") == "exception" for message in messages)
    shown = b"".join(message.SerializeToString() for message in messages)
    for inside in (CANARY, "/srv/inside", "failing_page", "ValueError", "Traceback", "google.", "chatgpt."):
        assert inside.encode() not in shown, shown
    assert CANARY in app.log()
