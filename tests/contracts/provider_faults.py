"""
What every provider keeps to when its service misbehaves: rows 13 to 21 of the fault table, under the real job manager.

An adapter's test module inherits ``ProviderFaults`` and gives it a ``bench``: the adapter, its stand-in, and how to make
that one misbehave. What follows from a fault is said by whose money it is, see ``Money``; what the stand-in cannot play is
skipped with the reason in words.
"""

from __future__ import annotations

import socket
import ssl
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import pytest

from reve_core.errors import NotCharged, ProviderError
from reve_core.models import PERSONAL, Job, JobFilter, JobRequest, JobStatus, Limits
from reve_core.ports import CallContext, Provider, Resumable
from reve_core.service import Studio
from reve_core.store.sqlite import SqliteStore
from tests.building import SAFETY_NET_S, build_studio, running, settled, statuses, until, wait_for
from tests.fakes import FakeProvider
from tests.standin.api import Reply
from tests.standin.certs import Certificates, is_possible
from tests.standin.connection import Connection
from tests.standin.rules import Faults
from tests.standin.serving import Seen, Serving

# What an answer that was lost means. ``unknown``: it may have been charged, and a person decides. ``free``: it is asked
# for again. ``ticket``: as ``unknown`` until the service has said by which id it knows the request, then it is picked up.
Money = Literal["unknown", "free", "ticket"]
# The paid request, the asking for what became of it, and the fetching of the picture's file. Many have the first alone.
Step = Literal["submit", "answer", "file"]

HERON = JobRequest(prompt="heron")
A_LONG_WAIT_S = 700.0  # longer than anything is put off
MB = 1024 * 1024

BROKEN = ["reset", "short_body"]
NO_PICTURE = ["garbage", "html", "svg", "empty_image", "truncated_png", "pixel_bomb"]


class Bench:
    """
    An adapter and the stand-in that it talks to: ``with SomeBench() as bench``.

    ``money`` as above; ``steps`` those that the adapter takes, the last of which brings the picture. ``credits_each`` is what
    a picture costs in the books. ``cannot`` says of faults, by their name or ``name at step``, in words why they cannot be
    played. The names of faults, each with the options of ``tests/standin/rules.py``:

    hang, drip, reset, short_body      no byte ever; a byte now and then; RST for an answer; half of a body
    garbage, html, svg, empty_image    broken JSON; a page with 200; a picture that is SVG; a picture without a byte
    truncated_png, pixel_bomb          half a picture; a few bytes that claim 60,000 by 60,000
    endless, gzip_bomb, huge           a body without end; 200 MB in 200 KB; one that promises 5 GB
    redirect (status, location)        the request is sent on
    file_at (url)                      the answer names a picture there (steps with ``file`` alone)
    rate_limited (how, seconds)        429, and how long to wait: ``seconds``, ``date``, ``params``, ``year``
    hold                               the right answer, once ``release()`` is called
    """

    money: Money = "unknown"
    steps: tuple[Step, ...] = ("submit",)
    credits_each: float = 0.0
    cannot: Mapping[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def provider(self) -> Provider:
        """A new adapter for the stand-in, with little patience: it asks often, and connects within two seconds."""
        raise NotImplementedError

    def provider_at(self, url: str, ssl_context: ssl.SSLContext | None = None) -> Provider:
        """The same for another base URL. Without ``ssl_context`` with its own one."""
        raise NotImplementedError

    def shipped(self) -> Provider:
        """The adapter for the stand-in with the caps that people get."""
        raise NotImplementedError

    def play(self, fault: str, step: Step = "submit", **options: Any) -> None:
        raise NotImplementedError

    def release(self) -> None:
        """Let go of what ``hold`` holds."""
        raise NotImplementedError

    def fund(self, pictures: int | None) -> None:
        """The till has enough for so many more pictures; None: for any number."""
        raise NotImplementedError

    def sent(self) -> int:
        """The paid requests that arrived, refused ones too."""
        raise NotImplementedError

    def charged(self) -> int:
        """How often the till has rung."""
        raise NotImplementedError

    # ---------------------------------------------------------------- the same for all

    def why_not(self, fault: str, step: Step) -> str | None:
        """In words why this cannot be played; None: it can."""
        if step not in self.steps:
            return {
                "submit": "Nothing is sent.",
                "answer": "The answer comes with the request: there is nothing to ask for afterwards.",
                "file": "The picture comes within the answer: there is no address to fetch.",
            }[step]
        return self.cannot.get(f"{fault} at {step}") or self.cannot.get(fault)

    @property
    def last(self) -> Step:
        """The step that brings the picture."""
        return self.steps[-1]

    def studio(self, folder: Path, *others: Provider, **options: Any) -> Studio:
        """The whole service around the adapter, which is its default provider; not started."""
        return build_studio(folder, self.provider(), *others, **options)


class Shifted:
    """The time of day, set forward or back by a test."""

    def __init__(self) -> None:
        self.by = 0.0

    def __call__(self) -> float:
        return time.time() + self.by


class Listener(Serving):
    """An innocent server at another address, which nobody should ask for anything."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(Faults(), tls=tls)

    def handle(self, connection: Connection, path: str, query: dict[str, str], body: bytes) -> Reply | None:
        self.note(Seen(connection.command, path, "", None, dict(connection.headers.items())))
        return Reply(200, b"", {}, "text/plain")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    if not is_possible():
        pytest.skip("the openssl command is not installed")
    return Certificates.make(tmp_path_factory.mktemp("certificates"))


def play(bench: Bench, fault: str, step: Step, **options: Any) -> None:
    """``bench.play``, or skip with its reason."""
    if (why := bench.why_not(fault, step)) is not None:
        pytest.skip(f"{fault} at {step}: {why}")
    bench.play(fault, step, **options)


@contextmanager
def working(
    bench: Bench, folder: Path, *others: Provider, **options: Any
) -> Iterator[tuple[Studio, Callable[[Job], Job]]]:
    """The running service, and ``ended(job)``, which waits for its end without waiting for what is put off."""
    clock = Shifted()
    store = SqliteStore(folder / "reve.db", timeout_s=5.0, clock=clock)

    def ended(job: Job) -> Job:
        def is_over() -> bool:
            now = store.get(job.id)
            assert now is not None
            if now.status is JobStatus.RUNNING and not store.workers():  # put off: nobody holds it
                clock.by += A_LONG_WAIT_S
            return not now.status.is_pending

        until(is_over, within_s=SAFETY_NET_S * 2, what=lambda: str(store.get(job.id)))
        return studio.get(job.id)

    with running(bench.studio(folder, *others, store=store, **options)) as studio:
        yield studio, ended


def pictures_of(folder: Path) -> list[Path]:
    return [file for file in (folder / "images").rglob("*") if file.is_file()]


def outcomes_of(studio: Studio, job: Job) -> set[str | None]:
    return {call.outcome for call in studio.calls(job.id)}


def is_left_as_it_must(bench: Bench, studio: Studio, job: Job, *, came: bool = False) -> None:
    """
    After an answer that was no good, every time it was asked for: nobody paid twice, and it is said whose money it is.
    ``came``: a call may be closed as ``ok``, since its picture was seen to be none only when it was decoded.
    """
    whole = {"ok"} if came else set()
    assert job.error
    assert "<script" not in job.error
    assert "<svg" not in job.error
    if bench.money == "free":
        assert (job.status, job.tries) == (JobStatus.FAILED, 3)
        assert outcomes_of(studio, job) <= {"not_charged"} | whole
        assert bench.sent() <= 3
    else:
        assert job.status is JobStatus.UNKNOWN
        assert outcomes_of(studio, job) <= {"unknown"} | whole
        assert bench.sent() == 1


class ProviderFaults:
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        raise NotImplementedError("An adapter's tests say which bench is meant.")

    @pytest.fixture(autouse=True)
    def _no_proxy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A machine's proxy settings are honoured by the adapters, but loopback traffic must not leave by them."""
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)

    # ---------------------------------------------------------------- how it should be

    def test_what_it_says_of_its_money_is_what_the_bench_says(self, bench: Bench) -> None:
        with closing(bench.provider()) as provider:
            assert isinstance(provider, Resumable) is (bench.money == "ticket")
            assert not provider.idempotent or bench.money == "free"

    def test_without_any_fault_a_picture_is_one_request_and_one_charge(self, bench: Bench, tmp_path: Path) -> None:
        with working(bench, tmp_path) as (studio, ended):
            job = ended(studio.submit(HERON)[0])
            assert job.status is JobStatus.DONE
            assert (job.credits_used or 0) == bench.credits_each
            assert bench.sent() == 1
            assert bench.charged() == (1 if bench.credits_each else 0)

    # ---------------------------------------------------------------- row 13

    @pytest.mark.parametrize("hours", [-1, 1], ids=["back", "forward"])
    def test_row_13_a_clock_that_is_set_back_or_forward_loses_nothing_and_pays_nothing_twice(
        self, bench: Bench, tmp_path: Path, hours: int
    ) -> None:
        play(bench, "hold", bench.steps[min(1, len(bench.steps) - 1)] if bench.money == "ticket" else "submit")
        clock = Shifted()
        store = SqliteStore(tmp_path / "reve.db", timeout_s=5.0, clock=clock)
        with running(bench.studio(tmp_path, store=store, lease_s=3.0)) as studio:
            [job, later] = studio.submit(HERON, count=2)
            wait_for(studio, job.id, lambda now: bench.sent() > 0 and bool(studio.calls(job.id)))
            clock.by = hours * 3600.0
            if hours > 0:
                until(lambda: studio._worker.sweeper.sweep() is not None and store.expired() == [])
            bench.release()
            [first, second] = settled(studio, job.id, later.id)
            if bench.money == "unknown":
                first = wait_for(studio, job.id, lambda now: now.status is JobStatus.DONE)  # lifted, by its own token
            assert [first.status, second.status] == [JobStatus.DONE] * 2
            assert bench.charged() <= 2
            if bench.money != "free":
                assert bench.sent() == 2
            assert [found.id for found in studio.jobs(JobFilter(owner=PERSONAL)).jobs] == [later.id, job.id]

    # ---------------------------------------------------------------- row 14

    @pytest.mark.parametrize("fault", ["hang", "drip"])
    def test_row_14_a_silent_service_is_given_up_at_the_deadline_and_its_slot_is_free(
        self, bench: Bench, tmp_path: Path, fault: str
    ) -> None:
        play(bench, fault, "submit")
        with working(bench, tmp_path, concurrency=1, workers=1, call_timeout_s=1.5) as (studio, ended):
            [silent, next_] = studio.submit(HERON, count=2)
            assert ended(next_).status is JobStatus.DONE
            first = ended(silent)
            if bench.money == "free":
                # Asked for again, which costs nothing.
                assert first.status is JobStatus.DONE
                assert studio.calls(first.id)[0].outcome == "not_charged"
            else:
                assert first.status is JobStatus.UNKNOWN
                assert bench.sent() == 2
            until(lambda: not studio._worker.runner.holds(silent.id))  # nobody prolongs its lease any more

    @pytest.mark.parametrize("fault", ["hang", "drip"])
    @pytest.mark.parametrize("step", ["answer", "file"])
    def test_row_14_an_accepted_request_is_picked_up_when_its_service_speaks_again(
        self, bench: Bench, tmp_path: Path, fault: str, step: Step
    ) -> None:
        play(bench, fault, step)
        with working(bench, tmp_path, call_timeout_s=3) as (studio, ended):
            job = ended(studio.submit(HERON)[0])
            assert_came_in_the_end(bench, job)

    # ---------------------------------------------------------------- rows 15, 17, 18

    @pytest.mark.parametrize("fault", BROKEN)
    def test_row_15_a_request_whose_answer_breaks_off_is_never_repeated_where_it_may_cost(
        self, bench: Bench, tmp_path: Path, fault: str
    ) -> None:
        play(bench, fault, "submit", times=0)
        with working(bench, tmp_path) as (studio, ended):
            job = ended(studio.submit(HERON)[0])
            is_left_as_it_must(bench, studio, job)
            assert pictures_of(tmp_path) == []

    @pytest.mark.parametrize("fault", BROKEN)
    @pytest.mark.parametrize("step", ["answer", "file"])
    def test_row_15_an_answer_that_broke_off_once_is_asked_for_again_and_not_bought_again(
        self, bench: Bench, tmp_path: Path, fault: str, step: Step
    ) -> None:
        play(bench, fault, step)
        with working(bench, tmp_path) as (studio, ended):
            assert_came_in_the_end(bench, ended(studio.submit(HERON)[0]))

    @pytest.mark.parametrize("fault", NO_PICTURE)
    def test_rows_17_and_18_an_answer_that_is_no_picture_is_stored_nowhere_and_said_in_harmless_words(
        self, bench: Bench, tmp_path: Path, fault: str
    ) -> None:
        step: Step = "submit" if fault in ("garbage", "html") else bench.last
        play(bench, fault, step, times=0)
        with working(bench, tmp_path) as (studio, ended):
            job = ended(studio.submit(HERON)[0])
            is_left_as_it_must(bench, studio, job, came=fault == "truncated_png")
            assert pictures_of(tmp_path) == []

    @pytest.mark.parametrize("fault", ["endless", "gzip_bomb", "huge"])
    @pytest.mark.parametrize("step", ["submit", "answer", "file"])
    def test_row_18_with_the_shipped_settings_an_endless_answer_fills_less_than_64_megabytes(
        self, bench: Bench, fault: str, step: Step
    ) -> None:
        # The provider's own tests hold it to its cap; this holds the cap that people get.
        play(bench, fault, step, times=0)
        with closing(bench.shipped()) as provider:
            model = provider.models[0]
            request = HERON.model_copy(
                update={"aspect_ratio": model.capabilities.default_ratio, "model": model.id, "provider": provider.name}
            )
            tracemalloc.start()
            try:
                with pytest.raises(ProviderError) as caught:
                    provider.generate(request, CallContext(key="job-1", timeout_s=20))
                assert tracemalloc.get_traced_memory()[1] < 64 * MB
            finally:
                tracemalloc.stop()
            if step == "submit":
                assert isinstance(caught.value, NotCharged) is (bench.money == "free")
                if fault == "endless":
                    assert "too large" in str(caught.value)

    @pytest.mark.parametrize("fault", ["garbage", "html"])
    def test_row_17_nonsense_about_an_accepted_request_buys_nothing_again(
        self, bench: Bench, tmp_path: Path, fault: str
    ) -> None:
        play(bench, fault, "answer")
        with working(bench, tmp_path) as (studio, ended):
            job = ended(studio.submit(HERON)[0])
            assert job.status in (JobStatus.DONE, JobStatus.UNKNOWN)
            assert "<script" not in str(job.error)
            assert bench.sent() == bench.charged() == 1

    # ---------------------------------------------------------------- row 16

    def test_row_16_where_nothing_listens_nothing_is_charged_and_it_is_tried_three_times(
        self, bench: Bench, tmp_path: Path
    ) -> None:
        play_unreachable(bench)
        with closing(socket.create_server(("127.0.0.1", 0))) as gone:
            port = gone.getsockname()[1]
        is_never_reached(bench.provider_at(f"http://127.0.0.1:{port}"), tmp_path)

    def test_row_16_a_name_that_nobody_knows_costs_nothing(
        self, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        play_unreachable(bench)
        usual = socket.getaddrinfo

        def unknown(host: Any, *args: Any, **kwargs: Any) -> Any:
            if host in ("nobody.invalid", b"nobody.invalid"):
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return usual(host, *args, **kwargs)

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        is_never_reached(bench.provider_at("https://nobody.invalid"), tmp_path)

    @pytest.mark.parametrize("certificate", ["expired", "other_host", "good"])
    def test_row_16_a_certificate_that_is_not_right_is_never_put_up_with(
        self, bench: Bench, tmp_path: Path, certificates: Certificates, certificate: str
    ) -> None:
        """The good one comes from an authority that nobody knows here."""
        play_unreachable(bench)
        trusted = None if certificate == "good" else certificates.client()
        with Listener(tls=certificates.server(certificate)) as listener:
            is_never_reached(bench.provider_at(listener.url, trusted), tmp_path, "certificate")
            assert listener.requests == []

    # ---------------------------------------------------------------- row 19

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_row_19_a_redirect_never_carries_the_paid_request_elsewhere(
        self, bench: Bench, tmp_path: Path, status: int
    ) -> None:
        with Listener() as elsewhere:
            play(bench, "redirect", "submit", status=status, location=f"{elsewhere.url}/paid", times=0)
            with working(bench, tmp_path) as (studio, ended):
                job = ended(studio.submit(HERON)[0])
                assert job.status is not JobStatus.DONE
                assert bench.sent() == 1 if bench.money != "free" else bench.sent() <= 3
                assert elsewhere.requests == []
                assert pictures_of(tmp_path) == []

    def test_row_19_a_redirect_to_itself_is_not_followed_either(self, bench: Bench, tmp_path: Path) -> None:
        play(bench, "redirect", "submit", status=307, times=0)
        with working(bench, tmp_path) as (studio, ended):
            assert ended(studio.submit(HERON)[0]).status is not JobStatus.DONE
            assert bench.sent() == 1 if bench.money != "free" else bench.sent() <= 3

    @pytest.mark.parametrize(
        "where",
        [
            "http://169.254.169.254/latest/meta-data/",
            "https://169.254.169.254/latest/meta-data/",
            "LISTENER",
            "file:///etc/passwd",
            "https://localhost/x.png",
            "https://[::1]/x.png",
            "https://user@127.0.0.1/x.png",
        ],
    )
    @pytest.mark.parametrize("how", ["named", "sent on"])
    def test_row_19_a_picture_is_never_fetched_from_where_it_should_not_lie(
        self, bench: Bench, tmp_path: Path, where: str, how: str
    ) -> None:
        with Listener() as listener:
            url = where.replace("LISTENER", f"{listener.url}/x.png")
            if how == "named":
                play(bench, "file_at", "file", url=url, times=0)
            else:
                play(bench, "redirect", "file", status=302, location=url, times=0)
            with working(bench, tmp_path) as (studio, ended):
                job = ended(studio.submit(HERON)[0])
                is_left_as_it_must(bench, studio, job)
                assert listener.requests == []
                assert pictures_of(tmp_path) == []

    def test_row_19_a_picture_that_is_sent_on_for_ever_is_given_up(self, bench: Bench, tmp_path: Path) -> None:
        play(bench, "redirect", "file", status=302, times=0)  # to itself
        with working(bench, tmp_path) as (studio, ended):
            is_left_as_it_must(bench, studio, ended(studio.submit(HERON)[0]))

    # ---------------------------------------------------------------- row 20

    @pytest.mark.parametrize("how", ["seconds", "date", "params"])
    def test_row_20_a_storm_of_429_burns_no_tries_and_every_job_comes_in_the_end(
        self, bench: Bench, tmp_path: Path, how: str
    ) -> None:
        if (why := bench.cannot.get(f"rate_limited by {how}")) is not None:
            pytest.skip(why)
        play(bench, "rate_limited", "submit", how=how, seconds=1, times=2)
        with running(bench.studio(tmp_path, concurrency=1)) as studio:
            jobs = settled(studio, *(job.id for job in studio.submit(HERON, count=10)))
            assert statuses(jobs) == [JobStatus.DONE] * 10
            assert {job.tries for job in jobs} == {1}
            # One probe for each pause, and no more: the two refused ones and the ten that went through.
            assert bench.sent() == 12

    def test_row_20_a_storm_with_many_calls_under_way_sends_one_probe_for_each_pause(
        self, bench: Bench, tmp_path: Path
    ) -> None:
        play(bench, "rate_limited", "submit", seconds=1, for_s=1.5)
        with running(bench.studio(tmp_path, workers=8, concurrency=4)) as studio:
            ids = [job.id for _ in range(5) for job in studio.submit(HERON, count=10)]
            jobs = settled(studio, *ids, within_s=60)
            assert statuses(jobs) == [JobStatus.DONE] * 50
            assert {job.tries for job in jobs} == {1}
            # At most four at once when the storm begins, and one probe for each of the two pauses that follow.
            assert bench.sent() <= 50 + 4 + 2
            assert bench.charged() == (50 if bench.credits_each else 0)

    def test_row_20_an_absurd_wait_is_clamped(self, bench: Bench, tmp_path: Path) -> None:
        play(bench, "rate_limited", "submit", how="year")
        with running(bench.studio(tmp_path)) as studio:
            name = studio.catalogue.default_provider
            job = studio.submit(HERON)[0]
            until(lambda: studio.catalogue.provider(name).paused)
            state = studio.catalogue.provider(name).state
            assert state is not None
            assert state.until is not None
            assert (state.until - job.created_at).total_seconds() < 660

    def test_row_20_a_429_about_an_accepted_request_buys_nothing_again(self, bench: Bench, tmp_path: Path) -> None:
        play(bench, "rate_limited", "answer", seconds=1, times=2)
        with working(bench, tmp_path) as (studio, ended):
            assert_came_in_the_end(bench, ended(studio.submit(HERON)[0]))

    # ---------------------------------------------------------------- row 21

    def test_row_21_credits_that_run_out_pause_the_provider_and_the_rest_follow_a_persons_word(
        self, bench: Bench, tmp_path: Path
    ) -> None:
        if (why := bench.cannot.get("no_credits")) is not None:
            pytest.skip(why)
        bench.fund(9)
        other = FakeProvider(name="other")
        with running(bench.studio(tmp_path, other, workers=2, concurrency=1)) as studio:
            name = studio.catalogue.default_provider
            ids = [job.id for _ in range(5) for job in studio.submit(HERON, count=10)]
            until(lambda: studio.catalogue.provider(name).paused, within_s=60)
            until(lambda: studio.counts()[JobStatus.QUEUED] == 41)
            assert studio.counts()[JobStatus.DONE] == 9
            state = studio.catalogue.provider(name).state
            assert state is not None
            assert state.reason
            assert state.until is None  # until a person says so
            assert "credit" in state.reason
            assert any(state.reason in notice for notice in studio.board.notices())
            # Nobody else waits for it.
            foxes = studio.submit(JobRequest(prompt="fox", provider="other"), count=2)
            assert statuses(settled(studio, *(job.id for job in foxes))) == [JobStatus.DONE] * 2
            bench.fund(None)
            studio.resume(name)
            jobs = settled(studio, *ids, within_s=60)
            assert statuses(jobs) == [JobStatus.DONE] * 50
            assert {job.tries for job in jobs} == {1}
            assert bench.charged() == 50
            assert sum(job.credits_used or 0 for job in jobs) == pytest.approx(50 * bench.credits_each)

    # ---------------------------------------------------------------- pace

    def test_the_pace_of_calls_is_kept(self, bench: Bench, tmp_path: Path) -> None:
        with closing(bench.provider()) as provider:
            name = provider.name
        with running(bench.studio(tmp_path, limits={name: Limits(concurrency=4, per_minute=3)})) as studio:
            ids = [job.id for job in studio.submit(HERON, count=5)]
            until(lambda: studio.counts()[JobStatus.DONE] == 3)
            settled(studio, *ids[:3])
            assert bench.sent() == 3
            assert studio.counts()[JobStatus.QUEUED] == 2


def assert_came_in_the_end(bench: Bench, job: Job) -> None:
    """An accepted request was asked about again: one picture, and nothing bought twice."""
    assert job.status is JobStatus.DONE, job.error
    if bench.money != "free":
        assert bench.sent() == 1
        assert bench.charged() == 1
        assert job.credits_used == bench.credits_each


def play_unreachable(bench: Bench) -> None:
    if (why := bench.cannot.get("unreachable")) is not None:
        pytest.skip(why)


def is_never_reached(provider: Provider, folder: Path, word: str = "") -> None:
    with running(build_studio(folder, provider)) as studio:
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert (job.status, job.attempt) == (JobStatus.FAILED, 3)
        assert outcomes_of(studio, job) == {"not_charged"}
        assert job.error is not None
        assert "nothing was charged" in job.error
        assert word in job.error
