"""Webhooks against a real receiver: what is sent, who may be told, and what happens when nobody listens."""

import base64
import gc
import hashlib
import hmac
import json
import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from reve_core import bootstrap
from reve_core.errors import BadInput, StoreBusy
from reve_core.grants import Callback
from reve_core.guard.callbacks import CallbackSigner, Receivers
from reve_core.jobs.messenger import LEASE_S, WAITS_S, Messenger
from reve_core.jobs.posting import Post
from reve_core.models import Job, JobRequest, JobStatus, Placed
from reve_core.providers.reve import ReveProvider
from reve_core.settings import Settings
from reve_core.store.sqlite import SqliteStore
from tests.building import place, running, settled, until
from tests.contracts.job_store import Clock, claim, finish, request
from tests.jobs.receiver import Heard, Receiver
from tests.standin import StandIn

KEY = b"only tests have this key, really"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OTHER_KEY = b"and this is the one that was used before"
OTHER_SECRET = "whsec_" + base64.b64encode(OTHER_KEY).decode()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "reve.db", clock=clock)
    yield store
    store.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


Build = Callable[..., Messenger]


@pytest.fixture
def build(store: SqliteStore, clock: Clock) -> Build:
    def build(*receivers: Receiver, timeout_s: float = 10.0, secrets: str = SECRET, **changes: object) -> Messenger:
        options: dict[str, object] = {
            "store": store,
            "outbox": store,
            "receivers": Receivers.listed([receiver.origin for receiver in receivers]),
            "signer": CallbackSigner(secrets),
            "describe": describe,
            "post": Post(timeout_s=timeout_s),
            "clock": clock,
            "jitter": random.Random(1),
        }
        return Messenger(**{**options, **changes})  # type: ignore[arg-type]

    return build


def describe(job: Job) -> dict[str, object]:
    return {"id": job.id, "status": job.status.value, "prompt": job.request.prompt}


def ended(store: SqliteStore, receiver: Receiver, path: str = "/told?token=sesame", prompt: str = "a heron") -> str:
    [job] = place(store, request(prompt), callback_url=receiver.origin + path)
    finish(store, claim(store))
    return job.id


def is_signed(heard: Heard, key: bytes) -> bool:
    """As a receiver would find out, from the standard alone."""
    signed = f"{heard.headers['webhook-id']}.{heard.headers['webhook-timestamp']}.".encode() + heard.body
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return expected in heard.headers["webhook-signature"].split(" ")


# -- what is sent


def test_the_receiver_is_told_what_became_of_the_job(
    store: SqliteStore, receiver: Receiver, build: Build, clock: Clock
) -> None:
    job_id = ended(store, receiver, prompt="苍鹭 “in the reeds”")
    clock.pass_(90)
    build(receiver).tell()
    [heard] = receiver.heard
    assert heard.path == "/told?token=sesame"
    assert heard.headers["content-type"] == "application/json"
    assert json.loads(heard.body) == {
        "type": "job.done",
        "timestamp": "2027-01-15T08:00:00Z",
        "data": {"id": job_id, "status": "done", "prompt": "苍鹭 “in the reeds”"},
    }
    assert heard.headers["webhook-timestamp"] == str(int(clock.now))
    assert "." not in heard.headers["webhook-id"]
    assert is_signed(heard, KEY)
    assert not is_signed(heard, OTHER_KEY)


def test_while_a_secret_is_being_changed_the_receiver_may_know_either(
    store: SqliteStore, receiver: Receiver, build: Build
) -> None:
    ended(store, receiver)
    build(receiver, secrets=f"{SECRET}, {OTHER_SECRET}").tell()
    [heard] = receiver.heard
    assert is_signed(heard, KEY)
    assert is_signed(heard, OTHER_KEY)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_what_was_received_is_not_sent_again(
    store: SqliteStore, receiver: Receiver, build: Build, clock: Clock, status: int
) -> None:
    receiver.status, receiver.body = status, b""
    ended(store, receiver)
    messenger = build(receiver)
    messenger.tell()
    clock.pass_(1_000_000)
    messenger.tell()
    assert len(receiver.heard) == 1


def test_a_receiver_that_talks_on_and_on_after_saying_yes_was_told(
    store: SqliteStore, receiver: Receiver, build: Build, clock: Clock
) -> None:
    receiver.body = b"x" * 5_000_000
    ended(store, receiver)
    messenger = build(receiver)
    messenger.tell()
    clock.pass_(1_000_000)
    messenger.tell()
    assert len(receiver.heard) == 1


def test_many_are_told_and_each_once(store: SqliteStore, receiver: Receiver, build: Build) -> None:
    jobs = {ended(store, receiver) for _ in range(30)}
    build(receiver).tell()
    assert sorted(json.loads(heard.body)["data"]["id"] for heard in receiver.heard) == sorted(jobs)


# -- when it does not work


@pytest.mark.parametrize("status", [301, 400, 401, 404, 429, 500, 503])
def test_a_message_that_was_not_taken_comes_again_under_the_same_id_and_ever_more_rarely(
    store: SqliteStore, receiver: Receiver, build: Build, clock: Clock, status: int
) -> None:
    receiver.status = status
    ended(store, receiver)
    messenger = build(receiver)
    messenger.tell()
    for number, wait in enumerate(WAITS_S, 2):
        clock.pass_(wait * 0.99)
        messenger.tell()
        assert len(receiver.heard) == number - 1
        clock.pass_(wait * 0.12)
        messenger.tell()
        assert len(receiver.heard) == number
    assert len({heard.headers["webhook-id"] for heard in receiver.heard}) == 1
    assert len({heard.body for heard in receiver.heard}) == 1
    assert len({heard.headers["webhook-timestamp"] for heard in receiver.heard}) == len(receiver.heard)
    assert all(is_signed(heard, KEY) for heard in receiver.heard)


def test_in_the_end_it_is_given_up_and_said_once_without_what_may_be_secret(
    store: SqliteStore, receiver: Receiver, build: Build, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.status = 500
    job_id = ended(store, receiver)
    messenger = build(receiver)
    for _ in range(len(WAITS_S) + 3):
        messenger.tell()
        clock.pass_(2 * WAITS_S[-1])
    assert len(receiver.heard) == len(WAITS_S) + 1
    [warning] = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert job_id in warning
    assert f"{receiver.origin}/told is given up after 10 attempts: it answered 500." in warning
    for part in ("sesame", SECRET, SECRET.removeprefix("whsec_"), KEY.decode(), "v1,"):
        assert part not in caplog.text


def test_a_receiver_that_answers_410_is_left_in_peace(
    store: SqliteStore, receiver: Receiver, build: Build, clock: Clock
) -> None:
    receiver.status = 410
    ended(store, receiver)
    messenger = build(receiver)
    messenger.tell()
    clock.pass_(1_000_000)
    messenger.tell()
    assert len(receiver.heard) == 1


def test_a_receiver_that_is_away_is_told_when_it_is_back(store: SqliteStore, build: Build, clock: Clock) -> None:
    with Receiver() as away:
        pass
    ended(store, away)
    messenger = build(away)
    messenger.tell()
    assert store.due_callbacks(lease_s=1) == []
    clock.pass_(6)
    [callback] = store.due_callbacks(lease_s=1)
    assert callback.attempt == 2


def test_a_message_whose_outcome_could_not_be_noted_comes_again_under_the_same_id(
    store: SqliteStore, receiver: Receiver, build: Build, clock: Clock
) -> None:
    class Forgetful:
        """As if the process were killed between the answer and the note."""

        due_callbacks = staticmethod(store.due_callbacks)

        def told(self, *_: object, **__: object) -> None:
            raise StoreBusy("The database is busy.")

    ended(store, receiver)
    build(receiver, outbox=Forgetful()).tell()
    build(receiver).tell()
    assert len(receiver.heard) == 1
    clock.pass_(LEASE_S + 1)
    build(receiver).tell()
    build(receiver).tell()
    first, second = receiver.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_a_fault_of_our_own_is_tried_again_as_rarely_as_any_other(
    store: SqliteStore, receiver: Receiver, build: Build, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(job: Job) -> dict[str, object]:
        raise RuntimeError(job.request.prompt)

    ended(store, receiver)
    build(receiver, describe=broken).tell()
    assert "RuntimeError" in caplog.text
    assert "a heron" not in caplog.text
    clock.pass_(6)
    build(receiver).tell()
    assert len(receiver.heard) == 1


# -- who is told


def test_a_redirect_is_not_followed(store: SqliteStore, receiver: Receiver, build: Build) -> None:
    with Receiver() as elsewhere:
        receiver.status, receiver.location = 307, elsewhere.origin + "/stolen"
        ended(store, receiver)
        build(receiver, elsewhere).tell()
        assert len(receiver.heard) == 1
        assert elsewhere.heard == []


def test_a_host_that_is_not_listed_any_more_is_never_contacted(
    store: SqliteStore, receiver: Receiver, build: Build, clock: Clock
) -> None:
    ended(store, receiver)
    with Receiver() as other:
        for _ in range(len(WAITS_S) + 2):
            build(other).tell()
            clock.pass_(2 * WAITS_S[-1])
        assert (receiver.heard, other.heard) == ([], [])
    build(receiver).tell()
    assert receiver.heard == []  # given up meanwhile


def test_a_proxy_of_the_environment_gets_nothing(
    store: SqliteStore, receiver: Receiver, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.origin)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        ended(store, receiver)
        build(receiver).tell()
        assert proxy.heard == []
    assert len(receiver.heard) == 1


def test_a_job_that_a_person_tries_again_is_told_again_under_another_id(
    store: SqliteStore, receiver: Receiver, build: Build
) -> None:
    [job] = place(store, request(), callback_url=receiver.origin + "/")
    store.fail(claim(store), "no_picture", "no picture came", outcome=None)
    messenger = build(receiver)
    messenger.tell()
    assert store.again(job.id, when=[JobStatus.FAILED])
    messenger.tell()
    finish(store, claim(store))
    messenger.tell()
    assert [json.loads(heard.body)["type"] for heard in receiver.heard] == ["job.failed", "job.done"]
    assert len({heard.headers["webhook-id"] for heard in receiver.heard}) == 2


def test_a_job_that_was_thrown_away_is_told_to_nobody(store: SqliteStore, receiver: Receiver, build: Build) -> None:
    job_id = ended(store, receiver)
    store.trash([job_id], True)
    build(receiver).tell()
    assert receiver.heard == []


# -- slow receivers, and stopping


def test_receivers_that_hang_do_not_hold_up_another(store: SqliteStore, build: Build) -> None:
    gate = threading.Event()
    with ExitStack() as stack:
        stuck = [stack.enter_context(Receiver(before=lambda: gate.wait(timeout=20))) for _ in range(3)]
        quick = stack.enter_context(Receiver())
        stack.callback(gate.set)
        for receiver in stuck:
            for _ in range(10):
                ended(store, receiver)
        messenger = build(*stuck, quick)
        thread = threading.Thread(target=messenger.tell)
        thread.start()
        until(lambda: all(receiver.heard for receiver in stuck))
        for _ in range(6):
            ended(store, quick)
        until(lambda: len(quick.heard) == 6, within_s=8)
        assert all(len(receiver.heard) < 10 for receiver in stuck)
        messenger.drain()
        gate.set()
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_a_messenger_that_waits_for_the_database_holds_up_no_call_to_a_provider(
    store: SqliteStore, receiver: Receiver, build: Build
) -> None:
    gate, waits = threading.Event(), threading.Event()

    class Locked:
        """Somebody else has the database while it is to be noted what was told."""

        due_callbacks, tell_later = store.due_callbacks, store.tell_later

        def told(self, callback: Callback, *, why_not: str | None = None) -> None:
            waits.set()
            gate.wait(timeout=20)
            store.told(callback, why_not=why_not)

    ended(store, receiver)
    telling = threading.Thread(target=build(receiver, outbox=Locked()).tell)
    telling.start()
    try:
        assert waits.wait(timeout=10)
        with StandIn() as reve, closing(ReveProvider(base_url=reve.url, api_key=SecretStr(reve.key or ""))) as provider:
            assert provider.check().ok
        assert not gate.is_set()
        assert telling.is_alive()
    finally:
        gate.set()
        telling.join(timeout=20)


def test_a_receiver_that_hangs_is_given_up_for_now_when_its_time_is_over(
    store: SqliteStore, build: Build, clock: Clock
) -> None:
    gate = threading.Event()
    with Receiver(before=lambda: gate.wait(timeout=20)) as stuck:
        ended(store, stuck)
        build(stuck, timeout_s=0.2).tell()
        gate.set()
        clock.pass_(6)
        build(stuck).tell()
        first, second = stuck.heard
        assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_a_line_that_is_answered_by_silence_ends_in_time_and_leaves_no_socket_open(
    store: SqliteStore, build: Build, clock: Clock
) -> None:
    # The system accepts connections for a server that never does: no handshake, no answer. Warnings are errors here.
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        for scheme in ("http", "https"):
            place(store, request(), callback_url=f"{scheme}://{address}/")
            finish(store, claim(store))
        begun = time.monotonic()
        build(timeout_s=0.2, receivers=Receivers.listed([f"http://{address}", f"https://{address}"])).tell()
        assert time.monotonic() - begun < 5
        gc.collect()
    clock.pass_(6)
    assert [callback.attempt for callback in store.due_callbacks(lease_s=1)] == [2, 2]


def test_an_app_that_is_stopping_sends_nothing_new(store: SqliteStore, receiver: Receiver, build: Build) -> None:
    ended(store, receiver)
    messenger = build(receiver)
    messenger.drain()
    messenger.tell()
    assert receiver.heard == []
    assert len(store.due_callbacks(lease_s=1)) == 1


def test_what_a_stopping_app_cuts_off_is_due_at_once_when_it_runs_next(
    store: SqliteStore, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reve_core.jobs.messenger._LAST_S", 0.1)
    gate = threading.Event()
    with Receiver(before=lambda: gate.wait(timeout=20)) as stuck:
        ended(store, stuck)
        messenger = build(stuck, timeout_s=15)
        thread = threading.Thread(target=messenger.tell)
        thread.start()
        until(lambda: stuck.heard)
        messenger.drain()
        thread.join(timeout=5)
        assert not thread.is_alive()
        gate.set()
        build(stuck).tell()
        assert len(stuck.heard) == 2


# -- from the settings to the receiver


def settings(folder: Path, **changes: object) -> Settings:
    return Settings(data_dir=folder, **changes)  # type: ignore[arg-type]


def test_a_whole_app_tells_its_receiver(tmp_path: Path, receiver: Receiver) -> None:
    studio = bootstrap.build(
        settings(
            tmp_path,
            webhook_hosts=receiver.origin,
            webhook_secret=SECRET,
            public_url="https://pictures.example",
        )
    )
    with running(studio):
        order = studio.order([(JobRequest(prompt="a fox"), 1)], owner="me", callback_url=receiver.origin + "/told")
        [placed] = studio.place([order])
        assert isinstance(placed, Placed)
        [job] = settled(studio, placed.jobs[0].id)
        until(lambda: receiver.heard)
    [heard] = receiver.heard
    assert is_signed(heard, KEY)
    event = json.loads(heard.body)
    assert (event["type"], event["data"]["id"], event["data"]["status"]) == ("job.done", job.id, "done")
    assert job.image is not None
    assert event["data"]["image"]["url"] == f"https://pictures.example/images/{job.image.name}"


def test_webhooks_are_off_unless_a_host_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_messenger(*_: object, **__: object) -> None:
        raise AssertionError("a messenger was made")

    monkeypatch.setattr("reve_core.webhooks.Messenger", no_messenger)
    studio = bootstrap.build(settings(tmp_path, webhook_secret=SECRET))
    with running(studio):
        with pytest.raises(BadInput, match="Webhooks are off here") as refused:
            studio.order([(JobRequest(prompt="a fox"), 1)], owner="me", callback_url="https://hooks.example/")
        assert refused.value.field == "callback_url"
        assert "timer-tell" not in " ".join(thread.name for thread in threading.enumerate())
