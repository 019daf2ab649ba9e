"""
Rows 14 to 21 of the fault table, as far as one client can promise them. Real loopback HTTP, a server that means harm.

Rows 20 and 21 end in the job core, which waits, pauses and resumes; here stands only what it is told.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from reve_core.errors import NoCredits, NotCharged, OutcomeUnknown, ProviderError, RateLimited, RequestRejected
from reve_core.providers.reve import ReveProvider
from tests.providers.reve_helpers import FOX, context, provider_for
from tests.standin import StandIn
from tests.standin.certs import Certificates, is_possible

SHORT_S = 1.5  # long enough to connect and send on a busy machine, where only the answer is to be late
SAFETY_NET_S = 8.0  # far above what is promised: a busy machine is not a failure, a missing deadline is


def given_up(provider: ReveProvider, kind: type[ProviderError], timeout_s: float = SHORT_S) -> ProviderError:
    """The error of a call that must end by itself."""
    began = time.monotonic()
    with pytest.raises(ProviderError) as caught:
        provider.generate(FOX, context(timeout_s))
    assert time.monotonic() - began < SAFETY_NET_S
    assert type(caught.value) is kind, caught.value
    return caught.value


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    if not is_possible():
        pytest.skip("the openssl command is not installed")
    return Certificates.make(tmp_path_factory.mktemp("certificates"))


# ---------------------------------------------------------------- row 14


@pytest.mark.parametrize("fault", ["hang", "drip_headers", "drip_body"])
def test_row_14_a_hanging_provider_is_given_up_at_the_total_deadline(
    reve: StandIn, provider: ReveProvider, fault: str
) -> None:
    # The drip gives a byte every tenth of a second: no single read ever takes long.
    reve.faults.add(fault, **({} if fault == "hang" else {"interval": 0.1}))
    error = given_up(provider, OutcomeUnknown)
    assert "may have been charged" in str(error)
    assert len(reve.posts()) == len(reve.ledger) == 1


def test_row_14_a_dripping_answer_keeps_its_request_id(reve: StandIn, provider: ReveProvider) -> None:
    reve.faults.add("drip_body")
    error = given_up(provider, OutcomeUnknown)
    assert error.receipt is not None
    assert error.receipt.request_id == "rsid-standin-000001"


def test_row_14_the_balance_of_a_hanging_provider_is_given_up_too(
    reve: StandIn, provider: ReveProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reve_core.providers.reve.provider._CHECK_S", SHORT_S)
    reve.faults.add("hang", path="/api/misc/balance")
    health = provider.check()
    assert not health.ok
    assert "too long" in health.text


def test_row_14_an_answer_in_time_is_taken(reve: StandIn, provider: ReveProvider) -> None:
    reve.faults.add("slow", seconds=0.2)
    assert provider.generate(FOX, context(10)).data


@pytest.mark.parametrize("fault", ["hang", "drip_headers", "drip_body"])
def test_row_14_the_deadline_holds_over_tls_too(certificates: Certificates, fault: str) -> None:
    with StandIn(tls=certificates.server("good")) as secure:
        secure.faults.add(fault)
        given_up(provider_for(secure, ssl_context=certificates.client()), OutcomeUnknown)
        assert len(secure.posts()) == 1


# ---------------------------------------------------------------- row 15


@pytest.mark.parametrize("fault", ["reset", "short_body"])
def test_row_15_a_broken_connection_is_unknown_and_the_request_was_sent_exactly_once(
    reve: StandIn, provider: ReveProvider, fault: str
) -> None:
    reve.faults.add(fault, times=0)
    given_up(provider, OutcomeUnknown, timeout_s=5)
    assert len(reve.posts()) == len(reve.ledger) == 1


@pytest.mark.parametrize("hang", [True, False], ids=["and then nothing", "and then the end"])
def test_row_15_an_answer_that_is_whole_is_taken_although_more_was_promised(
    reve: StandIn, provider: ReveProvider, hang: bool
) -> None:
    reve.faults.add("no_end", hang=hang)
    picture = provider.generate(FOX, context(SHORT_S if hang else 5))
    assert picture.data.startswith(b"\x89PNG")
    assert picture.receipt.credits_used == 150


def test_row_15_trouble_in_hanging_up_loses_no_picture(
    reve: StandIn, provider: ReveProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = httpx.AsyncClient.__aexit__

    async def troubled(self: httpx.AsyncClient, *args: Any) -> None:
        await usual(self, *args)
        raise httpx.CloseError("reset while closing")

    monkeypatch.setattr(httpx.AsyncClient, "__aexit__", troubled)
    assert provider.generate(FOX, context()).data
    reve.faults.add("grey", status=200, code="")  # a bare picture does not tell by itself whether it is whole
    assert provider.generate(FOX, context()).data


# ---------------------------------------------------------------- row 16


def test_row_16_a_refused_connection_is_not_charged() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as gone:
        port = gone.getsockname()[1]
    error = given_up(ReveProvider(base_url=f"http://127.0.0.1:{port}"), NotCharged, timeout_s=5)
    assert "nothing listens there" in str(error)
    assert "Nothing was charged" in str(error)


def test_row_16_a_host_that_never_accepts_is_not_charged() -> None:
    with ExitStack() as stack:
        full = stack.enter_context(closing(socket.socket()))
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # fills the queue of connections nobody accepts; the next one waits
            other = stack.enter_context(closing(socket.socket()))
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        provider = ReveProvider(base_url=f"http://127.0.0.1:{full.getsockname()[1]}", connect_timeout_s=0.3)
        given_up(provider, NotCharged, timeout_s=20)


def test_row_16_a_name_that_cannot_be_looked_up_is_not_charged(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = given_up(ReveProvider(base_url="http://reve.test"), NotCharged, timeout_s=5)
    assert "its name is not known" in str(error)


def test_row_16_a_name_look_up_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()

    def hang(*args: Any, **kwargs: Any) -> Any:
        gate.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        given_up(ReveProvider(base_url="http://reve.test"), NotCharged)
    finally:
        gate.set()


def test_row_16_a_good_certificate_is_accepted(certificates: Certificates) -> None:
    with StandIn(tls=certificates.server("good")) as secure:
        assert provider_for(secure, ssl_context=certificates.client()).generate(FOX, context()).data


@pytest.mark.parametrize(
    ("served", "reason"), [("expired", "expired"), ("other_host", "not valid for"), ("good", "local issuer")]
)
def test_row_16_a_certificate_that_cannot_be_trusted_is_not_charged(
    certificates: Certificates, served: str, reason: str
) -> None:
    # The good one is refused by a client that does not know its authority.
    trust = ssl.create_default_context() if served == "good" else certificates.client()
    with StandIn(tls=certificates.server(served)) as secure:
        provider = provider_for(secure, ssl_context=trust)
        error = given_up(provider, NotCharged, timeout_s=5)
        assert reason in str(error)
        assert secure.requests == []
        assert not provider.check().ok


def test_row_16_a_handshake_that_hangs_is_not_charged() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as mute:
        given_up(ReveProvider(base_url=f"https://127.0.0.1:{mute.getsockname()[1]}", connect_timeout_s=5), NotCharged)


def test_row_16_a_proxy_that_refuses_is_not_charged(reve: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", reve.url)  # it speaks no CONNECT
    error = given_up(provider_for(reve, base_url="https://reve.test"), NotCharged, timeout_s=5)
    assert "the proxy on the way refused" in str(error)


def test_row_16_the_usual_context_verifies() -> None:
    context_ = ReveProvider()._wire._ssl
    assert context_.verify_mode is ssl.CERT_REQUIRED
    assert context_.check_hostname


# ---------------------------------------------------------------- row 17


@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        ("garbage", '{"image": "iVBORw0KGgo'),
        ("html", "‹script›alert(1)‹/script›"),
        ("svg", "‹svg xmlns="),
        ("html_image", "‹script›alert(1)‹/script›"),
        ("empty_image", '{"image": ""'),
    ],
)
def test_row_17_what_is_no_picture_is_unknown_and_is_quoted_without_its_teeth(
    reve: StandIn, provider: ReveProvider, fault: str, shown: str
) -> None:
    reve.faults.add(fault)
    error = given_up(provider, OutcomeUnknown, timeout_s=5)
    assert shown in str(error)
    assert "<" not in str(error)
    assert len(str(error)) < 400
    assert len(reve.posts()) == 1


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/octet-stream"])
def test_row_17_a_page_is_no_picture_whatever_type_it_claims(reve: StandIn, provider: ReveProvider, kind: str) -> None:
    reve.faults.add("answer", body="<html>sign in to the network</html>", content_type=kind)
    assert "sign in to the network" in str(given_up(provider, OutcomeUnknown, timeout_s=5))


# ---------------------------------------------------------------- row 18


def test_row_18_a_picture_that_claims_gigapixels_is_unknown(reve: StandIn, provider: ReveProvider) -> None:
    reve.faults.add("pixel_bomb")
    error = given_up(provider, OutcomeUnknown, timeout_s=5)
    assert error.receipt is not None
    assert error.receipt.credits_used == 150


_BOMBED = """
import sys
from pydantic import SecretStr
from reve_core.errors import OutcomeUnknown
from reve_core.models import JobRequest
from reve_core.ports import CallContext
from reve_core.providers.reve import ReveProvider

def peak_kb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

provider = ReveProvider(base_url=sys.argv[1], api_key=SecretStr(sys.argv[2]), max_bytes=16 * 1024 * 1024)
provider.generate(JobRequest(prompt="warm up"), CallContext(key="warm", timeout_s=20))
before = peak_kb()
for number in range(int(sys.argv[3])):
    try:
        provider.generate(JobRequest(prompt="a fox"), CallContext(key="bomb", timeout_s=20))
    except OutcomeUnknown as error:
        print(error, file=sys.stderr)
    else:
        raise SystemExit("a picture?")
print((peak_kb() - before) / 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_row_18_no_bomb_takes_much_memory(reve: StandIn) -> None:
    reve.faults.add("gzip_bomb", after=1)
    reve.faults.add("endless", junk=True, after=1)
    reve.faults.add("endless", after=1)
    reve.faults.add("huge", after=1)
    done = subprocess.run(
        [sys.executable, "-c", _BOMBED, reve.url, str(reve.key), "4"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 64
    assert done.stderr.count("too large") == 2
    assert done.stderr.count("compressed (gzip)") == 1
    assert done.stderr.count("neither JSON nor a picture") == 1


# ---------------------------------------------------------------- row 19


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_row_19_the_paid_request_follows_no_redirect(reve: StandIn, provider: ReveProvider, status: int) -> None:
    reve.faults.add("redirect", status=status, times=0)
    error = given_up(provider, RequestRejected, timeout_s=5)
    assert "REVE_API_URL" in str(error)
    assert len(reve.requests) == 1


@pytest.mark.parametrize("location", ["http://169.254.169.254/latest", "file:///etc/passwd", "//elsewhere.test/x"])
def test_row_19_where_a_redirect_points_does_not_matter(reve: StandIn, provider: ReveProvider, location: str) -> None:
    reve.faults.add("redirect", location=location)
    assert location not in str(given_up(provider, RequestRejected, timeout_s=5))


def test_row_19_a_303_says_that_the_work_was_done_so_nobody_can_know(reve: StandIn, provider: ReveProvider) -> None:
    reve.faults.add("redirect", status=303)
    given_up(provider, OutcomeUnknown, timeout_s=5)


# ---------------------------------------------------------------- rows 20 and 21


@pytest.mark.parametrize("how", ["seconds", "date", "params", "none", "year"])
def test_row_20_a_429_is_never_charged_never_resent_and_never_waits_absurdly_long(
    reve: StandIn, provider: ReveProvider, how: str
) -> None:
    reve.faults.add("rate_limited", how=how, seconds=2, times=0)
    error = given_up(provider, RateLimited, timeout_s=5)
    assert isinstance(error, RateLimited)
    assert error.retry_after is None or 0 <= error.retry_after <= 600
    assert len(reve.posts()) == 1
    assert len(reve.ledger) == 0


def test_row_20_a_storm_passes(reve: StandIn, provider: ReveProvider) -> None:
    reve.faults.add("rate_limited", seconds=0, times=3)
    for _ in range(3):
        given_up(provider, RateLimited, timeout_s=5)
    assert provider.generate(FOX, context()).data
    assert len(reve.ledger) == 1


def test_row_21_credits_that_run_out_are_told_from_everything_else() -> None:
    with StandIn(credits=310) as reve:
        provider = provider_for(reve)
        assert [provider.generate(FOX, context(key=f"job-{number}")).receipt.credits_left for number in (1, 2)] == [
            160,
            10,
        ]
        error = given_up(provider, NoCredits, timeout_s=5)
        assert "150 needed, 10 left" in str(error)
        assert reve.ledger.keys() == ["job-1", "job-2"]
        reve.ledger.credits = 150
        assert provider.generate(FOX, context(key="job-3")).receipt.credits_left == 0


# ---------------------------------------------------------------- threads


def test_a_call_that_hangs_does_not_hold_up_the_others(reve: StandIn, provider: ReveProvider) -> None:
    reve.faults.add("hold")
    with ThreadPoolExecutor(1) as threads:
        held = threads.submit(provider.generate, FOX, context(key="held"))
        assert reve.wait_for_posts(1)
        assert all(provider.generate(FOX, context(key=f"free-{number}")).data for number in (1, 2, 3))
        assert not held.done()
        reve.release()
        assert held.result(timeout=10).data
    assert reve.peak == 2


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="open sockets are counted in /proc")
def test_no_socket_is_left_open_however_a_call_ends(reve: StandIn, provider: ReveProvider) -> None:
    def ours() -> int:
        rows = [line.split() for line in Path("/proc/self/net/tcp").read_text(encoding="ascii").splitlines()]
        return sum(1 for row in rows if row[2].endswith(f":{reve.port:04X}") and row[3] == "01")  # established

    for fault in ("reset", "short_body", "hang", "drip_body", "html", "endless", "redirect", "garbage"):
        reve.faults.add(fault)
        with pytest.raises(ProviderError):
            provider.generate(FOX, context(SHORT_S))
    provider.generate(FOX, context())
    assert ours() == 0
