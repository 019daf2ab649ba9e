"""Picture files from listed hosts: what is asked for, of whom, and what is never asked for."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from reve_core.errors import ConfigurationError
from reve_core.providers.wire.exchange import Fault
from reve_core.providers.wire.files import MOST_HOPS, Files, Hosts
from tests.providers.wire.network import PNG, Network, Store, network
from tests.standin.api import Reply
from tests.standin.certs import Certificates, is_possible

HOST = "elsewhere.test"  # for which the test's authority has signed
PUBLIC = "203.0.114.9"
LISTED = Hosts.listed([HOST, ".fal.media", "files.example", "http://127.0.0.1:9000", "https://files.example:8443"])
MB = 1024 * 1024


# ---------------------------------------------------------------- the list


@pytest.mark.parametrize(
    "url",
    [
        "https://files.example/a.png",
        "https://FILES.example./a.png?x=1#y",
        "https://files.example:443/a.png",
        "https://files.example:8443/a.png",
        "https://v3.fal.media/a.png",
        "https://a.b.fal.media/a.png",
        "https://fal.media/a.png",
        "http://127.0.0.1:9000/a.png",
    ],
)
def test_a_listed_address_is_allowed(url: str) -> None:
    assert LISTED.allow(url)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://evilfal.media/a.png", id="the end of a name is not its domain"),
        pytest.param("https://fal.media.evil.test/a.png", id="the beginning of another name"),
        pytest.param("https://sub.files.example/a.png", id="a host is not a domain"),
        pytest.param("http://files.example/a.png", id="without TLS"),
        pytest.param("http://v3.fal.media/a.png", id="a domain without TLS"),
        pytest.param("https://files.example:9443/a.png", id="another port"),
        pytest.param("https://files.example:0/a.png", id="port 0"),
        pytest.param("https://files.example:80/a.png", id="the port of http"),
        pytest.param("http://127.0.0.1:9001/a.png", id="another port of a listed origin"),
        pytest.param("http://127.0.0.1/a.png", id="a listed origin without its port"),
        pytest.param("https://127.0.0.1:9000/a.png", id="a listed origin with TLS"),
        pytest.param("http://localhost:9000/a.png", id="another name of a listed origin"),
        pytest.param("http://2130706433:9000/a.png", id="a listed address as one number"),
        pytest.param("http://0x7f000001:9000/a.png", id="in hexadecimal"),
        pytest.param("http://0177.0.0.1:9000/a.png", id="in octal"),
        pytest.param("http://127.1:9000/a.png", id="shortened"),
        pytest.param("http://[::ffff:127.0.0.1]:9000/a.png", id="within version 6"),
        pytest.param("https://[::1]/a.png", id="loopback of version 6"),
        pytest.param("https://169.254.169.254/latest/meta-data/", id="the cloud's own address"),
        pytest.param("https://user@files.example/a.png", id="a user name"),
        pytest.param("https://user:word@files.example/a.png", id="a user name and a password"),
        pytest.param("https://files.example@evil.test/a.png", id="a host as a user name"),
        pytest.param("https://files.example:443@evil.test/a.png", id="a host and port as a user"),
        pytest.param("https://evil.test\\@files.example/a.png", id="a backslash before the host"),
        pytest.param("https://files.example\\.evil.test/a.png", id="a backslash in the host"),
        pytest.param("https://evil.test#@files.example/a.png", id="the host in the fragment"),
        pytest.param("https://evil.test?@files.example/a.png", id="the host in the query"),
        pytest.param("https://files.example /a.png", id="a blank"),
        pytest.param("https://files.example\n/a.png", id="a line's end"),
        pytest.param("https://files%2eexample/a.png", id="an escaped dot"),
        pytest.param("https://files.example%00.evil.test/a.png", id="an escaped end"),
        pytest.param("//files.example/a.png", id="without a scheme"),
        pytest.param("files.example/a.png", id="without anything"),
        pytest.param("ftp://files.example/a.png", id="another scheme"),
        pytest.param("file:///etc/passwd", id="a file"),
        pytest.param("data:image/png;base64,AAAA", id="data"),
        pytest.param("javascript:alert(1)", id="a script"),
        pytest.param("https:///a.png", id="no host"),
        pytest.param("https://.fal.media/a.png", id="a domain's dot alone"),
        pytest.param("https://files.example/" + "a" * 4000, id="longer than any address"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_not_listed_is_asked_of_nobody(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with network(monkeypatch, None, {}) as net:
        assert not LISTED.allow(url)
        seen = Files(LISTED, connect_timeout_s=2, max_bytes=MB).fetch(url, timeout_s=5)
        assert (seen.fault, seen.sent, seen.status) == (Fault.FORBIDDEN, False, None)
        assert "not on the list" in seen.detail
        assert (net.asked, net.called) == ([], [])


@pytest.mark.parametrize(
    "entry",
    [
        *("", ".", "*", "*.fal.media", "files.example/a", "files.example:8443", "user@files.example", "a b"),
        *(
            "https://",
            "https://files.example/path",
            "ftp://files.example",
            "https://user@files.example",
            "bücher.example",
        ),
        "http://[::1",
        "files%2eexample",
        "files\\example",
    ],
)
def test_an_entry_that_is_neither_a_host_nor_an_origin_is_refused_in_words(entry: str) -> None:
    with pytest.raises(ConfigurationError, match="Write it like"):
        Hosts.listed([entry])


def test_an_empty_list_allows_nothing() -> None:
    assert not Hosts().allow("https://files.example/a.png")
    assert not Hosts.listed([]).allow("https://files.example/a.png")


# ---------------------------------------------------------------- an origin that the operator has listed


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as store:
        yield store


def files_of(store: Store, max_bytes: int = MB) -> Files:
    return Files(Hosts.listed([store.url]), connect_timeout_s=2, max_bytes=max_bytes)


def test_a_file_is_fetched_without_any_key(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    seen = files_of(store).fetch(f"{store.url}/a.png?token=x", timeout_s=5)
    assert (seen.fault, seen.status, bytes(seen.body)) == (None, 200, PNG)
    [request] = store.requests
    names = {name.lower() for name in request.headers}
    assert names <= {"host", "accept", "accept-encoding", "connection", "user-agent"}
    assert request.headers["Host"] == f"127.0.0.1:{store.port}"
    assert request.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_file_that_is_sent_on_within_the_list_is_fetched(store: Store, status: int) -> None:
    store.send_on("/a.png", "/b.png", status)
    store.send_on("/b.png", f"{store.url}/c.png", status)
    seen = files_of(store).fetch(f"{store.url}/a.png", timeout_s=5)
    assert bytes(seen.body) == PNG
    assert [request.path for request in store.requests] == ["/a.png", "/b.png", "/c.png"]
    assert {request.method for request in store.requests} == {"GET"}


def test_a_file_is_sent_on_three_times_and_not_four(store: Store) -> None:
    for hop in range(MOST_HOPS):
        store.send_on(f"/{hop}", f"/{hop + 1}")
    files = files_of(store)
    assert files.fetch(f"{store.url}/0", timeout_s=5).fault is None
    store.send_on("/start", "/0")
    seen = files.fetch(f"{store.url}/start", timeout_s=5)
    assert seen.fault is Fault.FORBIDDEN
    assert "from one address to the next" in seen.detail
    assert len(store.requests) == 2 * (MOST_HOPS + 1)


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost:{port}/b.png",
        "http://127.0.0.1:1/b.png",
        "https://127.0.0.1:{port}/b.png",
        "//evil.test/b.png",
        "\\\\evil.test/b.png",
        "http://user@127.0.0.1:{port}/b.png",
        "file:///etc/passwd",
        "http://[::1]:{port}/b.png",
        "http://[half/b.png",
    ],
)
def test_a_file_that_is_sent_on_to_another_place_is_not_fetched(
    store: Store, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.send_on("/a.png", target.format(port=store.port))
    with network(monkeypatch, store, {}) as net:
        seen = files_of(store).fetch(f"{store.url}/a.png", timeout_s=5)
        assert seen.fault is Fault.FORBIDDEN or seen.status == 302
        assert bytes(seen.body) == b""
        assert [request.path for request in store.requests] == ["/a.png"]
        assert net.called == [("127.0.0.1", store.port)]


def test_a_redirect_without_an_address_is_no_picture(store: Store) -> None:
    store.replies["/a.png"] = Reply(302, b"", {}, "text/plain")
    seen = files_of(store).fetch(f"{store.url}/a.png", timeout_s=5)
    assert (seen.fault, seen.status) == (None, 302)


@pytest.mark.parametrize("status", [403, 404, 410, 500, 503])
def test_a_refusal_is_handed_on_with_its_status(store: Store, status: int) -> None:
    store.replies["/a.png"] = Reply(status, b"<h1>No</h1>", {}, "text/html")
    seen = files_of(store).fetch(f"{store.url}/a.png", timeout_s=5)
    assert (seen.fault, seen.status) == (None, status)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image/png", id="SVG"),
        pytest.param(b"<!doctype html><script>alert(1)</script>", "image/png", id="a page"),
        pytest.param(b'{"error": "gone"}', "application/json", id="JSON"),
        pytest.param(b"GIF89a" + bytes(20), "image/gif", id="another format"),
        pytest.param(b"", "image/png", id="nothing"),
        pytest.param(b"\x89PN", "image/png", id="the beginning of a beginning"),
    ],
)
def test_what_is_no_picture_is_said_to_be_none_whatever_the_server_calls_it(
    store: Store, body: bytes, kind: str
) -> None:
    store.replies["/a.png"] = Reply(200, body, {}, kind)
    seen = files_of(store).fetch(f"{store.url}/a.png", timeout_s=5)
    assert seen.fault is Fault.FOREIGN
    assert "PNG, JPEG nor WebP" in seen.detail
    assert "<script" not in seen.detail


@pytest.mark.parametrize("fault", ["gzip_bomb", "endless", "huge"])
def test_a_file_fills_no_more_memory_than_its_cap(store: Store, fault: str) -> None:
    options = {"junk": True} if fault == "endless" else {}
    store.faults.add(fault, path="/a.png", **options)
    files = files_of(store)
    tracemalloc.start()
    try:
        seen = files.fetch(f"{store.url}/a.png", timeout_s=20)
        assert tracemalloc.get_traced_memory()[1] < 16 * MB
    finally:
        tracemalloc.stop()
    assert seen.fault in (Fault.TOO_LARGE, Fault.ENCODED, Fault.FOREIGN)
    assert len(seen.body) <= MB


def test_a_file_leaves_memory_with_its_reader_and_waits_for_no_garbage_collector(store: Store) -> None:
    """Forty large ones that come at once would otherwise be there together long after they were saved."""
    body = PNG + bytes(900_000)
    store.replies["/a.png"] = Reply(200, body, {}, "image/png")
    files = files_of(store)
    was_on = gc.isenabled()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(5):
            assert files.fetch(f"{store.url}/a.png", timeout_s=20).body == body
        assert tracemalloc.get_traced_memory()[0] < 3 * len(body)
    finally:
        tracemalloc.stop()
        if was_on:
            gc.enable()


def test_a_picture_that_goes_on_past_the_cap_is_given_up(store: Store) -> None:
    store.replies["/a.png"] = Reply(200, PNG + bytes(MB), {}, "image/png")
    seen = files_of(store).fetch(f"{store.url}/a.png", timeout_s=5)
    assert (seen.fault, seen.detail) == (Fault.TOO_LARGE, "its answer is too large")


@pytest.mark.parametrize("fault", ["hang", "drip_headers", "drip_body"])
def test_a_file_that_dawdles_is_given_up_at_the_deadline(store: Store, fault: str) -> None:
    store.faults.add(fault, path="/a.png", **({} if fault == "hang" else {"interval": 0.1}))
    assert files_of(store).fetch(f"{store.url}/a.png", timeout_s=0.6).fault is Fault.TIMEOUT


def test_a_deadline_holds_over_all_hops(store: Store) -> None:
    store.send_on("/a.png", "/b.png")
    store.faults.add("slow", path="/a.png", seconds=0.3)
    store.faults.add("hang", path="/b.png")
    assert files_of(store).fetch(f"{store.url}/a.png", timeout_s=0.8).fault is Fault.TIMEOUT
    assert files_of(store).fetch(f"{store.url}/a.png", timeout_s=0).fault is Fault.TIMEOUT
    assert len(store.requests) == 2


@pytest.mark.parametrize("fault", ["reset", "short_body"])
def test_a_file_that_breaks_off_can_be_asked_for_again(store: Store, fault: str) -> None:
    store.faults.add(fault, path="/a.png")
    files = files_of(store)
    assert files.fetch(f"{store.url}/a.png", timeout_s=5).fault is Fault.BROKEN
    assert bytes(files.fetch(f"{store.url}/a.png", timeout_s=5).body) == PNG


# ---------------------------------------------------------------- names, which have to lead to public addresses


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    if not is_possible():
        pytest.skip("the openssl command is not installed")
    return Certificates.make(tmp_path_factory.mktemp("certificates"))


class Secure:
    def __init__(self, store: Store, net: Network, files: Files) -> None:
        self.store = store
        self.net = net
        self.files = files


@pytest.fixture
def secure(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> Iterator[Secure]:
    """A host of the list, with a certificate for its name, at a public address."""
    with (
        Store(tls=certificates.server("other_host")) as store,
        network(monkeypatch, store, {HOST: [PUBLIC]}) as net,
    ):
        files = Files(LISTED, connect_timeout_s=2, max_bytes=MB, ssl_context=certificates.client())
        yield Secure(store, net, files)


def test_the_address_that_was_looked_up_is_the_one_that_is_called(secure: Secure) -> None:
    seen = secure.files.fetch(f"https://{HOST}/a.png?x=1", timeout_s=5)
    assert (seen.fault, bytes(seen.body)) == (None, PNG)
    assert secure.net.asked == [HOST]  # once: a second answer could be another one
    assert secure.net.called == [(PUBLIC, 443)]
    assert secure.store.sent_to == [HOST]
    [request] = secure.store.requests
    assert request.headers["Host"] == HOST


def test_a_certificate_for_another_name_is_not_put_up_with(secure: Secure) -> None:
    secure.net.names["files.example"] = [PUBLIC]
    seen = secure.files.fetch("https://files.example/a.png", timeout_s=5)
    assert seen.fault is Fault.UNREACHABLE
    assert "certificate" in seen.detail
    assert secure.store.requests == []


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "::7f00:1"),
    ],
)
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside a public one"])
def test_a_name_that_leads_to_a_private_address_is_not_called(secure: Secure, address: str, beside: bool) -> None:
    secure.net.names[HOST] = [PUBLIC, address] if beside else [address]
    seen = secure.files.fetch(f"https://{HOST}/a.png", timeout_s=5)
    assert seen.fault is Fault.FORBIDDEN
    assert "private network" in seen.detail
    assert secure.net.called == []


def test_a_listed_address_that_is_private_is_not_called_either(secure: Secure) -> None:
    secure.net.names["10.0.0.7"] = ["10.0.0.7"]
    files = Files(Hosts.listed(["10.0.0.7"]), connect_timeout_s=2, max_bytes=MB)
    assert files.fetch("https://10.0.0.7/a.png", timeout_s=5).fault is Fault.FORBIDDEN
    assert secure.net.called == []


def test_a_name_that_is_sent_on_is_looked_at_as_closely_as_the_first(secure: Secure) -> None:
    secure.store.send_on("/a.png", "https://files.example/b.png")
    secure.net.names["files.example"] = ["192.168.0.1"]
    seen = secure.files.fetch(f"https://{HOST}/a.png", timeout_s=5)
    assert seen.fault is Fault.FORBIDDEN
    assert secure.net.called == [(PUBLIC, 443)]


def test_a_name_that_changes_its_address_meanwhile_is_looked_at_again(secure: Secure) -> None:
    secure.store.send_on("/a.png", "/b.png")
    usual = [[PUBLIC], ["127.0.0.1"]]

    class Turns(dict[str, list[str]]):
        def __getitem__(self, name: str) -> list[str]:
            return usual.pop(0)

    secure.net.names = Turns({HOST: []})
    assert secure.files.fetch(f"https://{HOST}/a.png", timeout_s=5).fault is Fault.FORBIDDEN
    assert [request.path for request in secure.store.requests] == ["/a.png"]


def test_a_name_that_nobody_knows_is_unreachable(secure: Secure) -> None:
    seen = secure.files.fetch("https://v3.fal.media/a.png", timeout_s=5)
    assert (seen.fault, seen.detail) == (Fault.UNREACHABLE, "its name is not known")


def test_of_several_addresses_the_first_that_answers_is_used(secure: Secure) -> None:
    secure.net.names[HOST] = ["2001:4860:4860::8888", "203.0.114.1", PUBLIC, "203.0.114.3"]
    secure.net.dead = {"203.0.114.1"}
    assert secure.files.fetch(f"https://{HOST}/a.png", timeout_s=5).fault is None
    assert [address for address, _ in secure.net.called] == ["2001:4860:4860::8888", "203.0.114.1", PUBLIC]
    assert [request.method for request in secure.store.requests] == ["GET"]


def test_behind_a_proxy_the_proxy_looks_the_name_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", store.url)
    monkeypatch.setenv("HTTPS_PROXY", store.url)
    with network(monkeypatch, store, {}) as net:
        seen = Files(LISTED, connect_timeout_s=2, max_bytes=MB).fetch(f"https://{HOST}/a.png", timeout_s=5)
        assert seen.fault is Fault.UNREACHABLE  # this one knows no CONNECT
        assert net.asked == []
        assert net.called == [("127.0.0.1", store.port)]
