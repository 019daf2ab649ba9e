"""Client address, scheme and host, as proxies tell them and as strangers would like to."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from reve_core.guard.address import (
    client_address,
    host,
    is_allowed,
    name_of,
    plain_address,
    plain_host,
    prefix_of,
    scheme,
)
from reve_core.web.address import base_url, client_of
from reve_core.web.site import Site

PEER, ME = "10.0.0.9", "203.0.113.7"


@pytest.mark.parametrize(
    ("peer", "headers", "hops", "expected"),
    [
        pytest.param(PEER, [], 0, PEER, id="without proxies the peer is the client"),
        pytest.param(PEER, [ME], 0, PEER, id="without proxies the header is a stranger's word"),
        pytest.param(PEER, [ME], 1, ME, id="one proxy wrote the last value"),
        pytest.param(PEER, [f"6.6.6.6, {ME}"], 1, ME, id="what stands further left is not believed"),
        pytest.param(PEER, ["6.6.6.6", ME], 1, ME, id="repeated headers are one list"),
        pytest.param(PEER, [f"6.6.6.6, {ME}", "10.0.0.8"], 2, ME, id="two proxies"),
        pytest.param(PEER, [f"{ME}, 10.0.0.8", "10.0.0.7"], 3, ME, id="three proxies over two headers"),
        pytest.param(PEER, [ME], 2, PEER, id="a list that is too short did not pass them all"),
        pytest.param(PEER, [], 1, PEER, id="no list at all"),
        pytest.param(PEER, ["", ""], 1, PEER, id="empty headers"),
        pytest.param(PEER, [f"{ME}, "], 1, PEER, id="a blank value is not skipped to reach a stranger's"),
        pytest.param(PEER, ["6.6.6.6, nonsense"], 1, PEER, id="garbage from the proxy"),
        pytest.param(PEER, ["unknown"], 1, PEER, id="a proxy that does not know"),
        pytest.param(PEER, ["1.2.3.4.5"], 1, PEER, id="five numbers"),
        pytest.param(PEER, ["999.1.1.1"], 1, PEER, id="a number too high"),
        pytest.param(PEER, ["١٢٧.0.0.1"], 1, PEER, id="digits of another script"),
        pytest.param(PEER, ["127.1"], 1, PEER, id="a short spelling"),
        pytest.param(PEER, ["0x7f000001"], 1, PEER, id="hexadecimal"),
        pytest.param(PEER, [f"{ME}:51234"], 1, ME, id="with a port"),
        pytest.param(PEER, [f'"{ME}"'], 1, ME, id="in quotes"),
        pytest.param(PEER, ["2001:DB8::7"], 1, "2001:db8::7", id="IPv6"),
        pytest.param(PEER, ["[2001:db8::7]"], 1, "2001:db8::7", id="IPv6 in brackets"),
        pytest.param(PEER, ['"[2001:db8::7]:443"'], 1, "2001:db8::7", id="IPv6 in brackets, with a port, in quotes"),
        pytest.param(PEER, ["[fe80::1%eth0]:443"], 1, "fe80::1", id="IPv6 with a zone"),
        pytest.param(PEER, ["2001:db8:0:0:0:0:0:7"], 1, "2001:db8::7", id="IPv6 at length is the same address"),
        pytest.param(PEER, [f"::ffff:{ME}"], 1, ME, id="IPv4 in IPv6 is the IPv4 address"),
        pytest.param(f"::ffff:{ME}", [], 0, ME, id="also for the peer"),
        pytest.param(PEER, ["[2001:db8::7"], 1, PEER, id="a bracket that is never closed"),
        pytest.param(None, [], 0, None, id="a unix socket and no proxy: nobody knows"),
        pytest.param("", [], 1, None, id="a unix socket and a proxy that says nothing"),
        pytest.param(None, [ME], 1, ME, id="a unix socket and a proxy"),
        pytest.param("testclient", [], 0, None, id="a peer that is no address"),
        pytest.param(PEER, [", " * 5000 + ME], 1, ME, id="a long list"),
    ],
)
def test_the_client_is_who_the_outermost_trusted_proxy_saw(
    peer: str | None, headers: list[str], hops: int, expected: str | None
) -> None:
    assert client_address(peer, headers, hops) == expected


@pytest.mark.parametrize(
    "text", ["", " ", "a" * 100_000, "\x00", "1.2.3.4\n", "::%", "[]", "%", ":::", "1.2.3.4:99999999"]
)
def test_what_is_no_address_is_none_or_an_address_and_never_a_fault(text: str) -> None:
    assert plain_address(text) in (None, "1.2.3.4", "::")


@pytest.mark.parametrize(
    ("own", "headers", "hops", "expected"),
    [
        pytest.param("http", [], 0, "http", id="as it came"),
        pytest.param("https", [], 1, "https", id="our own TLS"),
        pytest.param("ws", [], 0, "http", id="a websocket"),
        pytest.param("wss", [], 0, "https", id="a websocket with TLS"),
        pytest.param("http", ["https"], 0, "http", id="without proxies the header is a stranger's word"),
        pytest.param("http", ["HTTPS"], 1, "https", id="a proxy with TLS"),
        pytest.param("http", ["https, http"], 2, "https", id="TLS ends at the outer of two proxies"),
        pytest.param("http", ["https"], 2, "https", id="the inner proxy overwrites where the outer one has written"),
        pytest.param("http", ["https, http"], 1, "http", id="what stands further left is not believed"),
        pytest.param("https", [""], 1, "https", id="a blank value says nothing"),
        pytest.param("http", ["javascript"], 1, "http", id="garbage is not https"),
    ],
)
def test_the_scheme_is_what_the_browser_sees(own: str, headers: list[str], hops: int, expected: str) -> None:
    assert scheme(own, headers, hops) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pictures.Example", "pictures.example"),
        ("pictures.example:8501", "pictures.example:8501"),
        ("localhost", "localhost"),
        ("my_app", "my_app"),
        ("192.168.1.5:80", "192.168.1.5:80"),
        ("[2001:db8::1]:8501", "[2001:db8::1]:8501"),
        ("", ""),
        ("[nonsense]", ""),
        ("[12]", ""),
        ("a b", ""),
        ("evil.example/path", ""),
        ("user@evil.example", ""),
        ("evil.example#", ""),
        ("evil.example\\", ""),
        ("a..b", ""),
        ("-a.example", ""),
        ("a.example:", ""),
        ("a.example:99999", ""),
        ('a"onload="x', ""),
        ("a.example\r\nx: y", ""),
        ("bücher.example", ""),
        ("a." * 200, ""),
    ],
)
def test_a_host_is_a_name_with_or_without_a_port_or_nothing(text: str, expected: str) -> None:
    assert plain_host(text) == expected


def test_a_forwarded_host_counts_behind_proxies_only() -> None:
    assert host("app:8501", ["pictures.example"], 0) == "app:8501"
    assert host("app:8501", ["pictures.example"], 1) == "pictures.example"
    assert host("app:8501", ["evil.example, pictures.example"], 1) == "pictures.example"
    assert host("app:8501", ["<b>"], 1) == ""
    assert name_of("[::1]:80") == "[::1]"
    assert name_of("a.example:80") == name_of("a.example") == "a.example"


@pytest.mark.parametrize(
    ("asked", "allowed", "expected"),
    [
        pytest.param("a.example", (), True, id="none listed: any"),
        pytest.param("", (), False, id="but not one that is none"),
        pytest.param("a.example", ("a.example",), True, id="listed"),
        pytest.param("a.example:8501", ("A.example",), True, id="any port, any letters"),
        pytest.param("a.example.", ("a.example",), True, id="a dot at the end is the same name"),
        pytest.param("b.example", ("a.example",), False, id="another"),
        pytest.param("a.example.evil", ("a.example",), False, id="a longer one"),
        pytest.param("x.a.example", ("*.a.example",), True, id="a sub-domain"),
        pytest.param("a.example", ("*.a.example",), False, id="is not the domain"),
        pytest.param("evila.example", ("*.a.example",), False, id="nor one that ends alike"),
        pytest.param("anything", ("*",), True, id="a star is any"),
        pytest.param("[::1]:8501", ("[::1]",), True, id="IPv6"),
    ],
)
def test_a_host_is_allowed_by_name(asked: str, allowed: tuple[str, ...], expected: bool) -> None:
    assert is_allowed(asked, allowed) is expected


def ask(*headers: tuple[str, str], peer: tuple[str, int] | None = (PEER, 1)) -> Request:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    return Request({"type": "http", "scheme": "http", "method": "GET", "path": "/", "headers": raw, "client": peer})


@pytest.mark.parametrize(
    ("site", "headers", "expected"),
    [
        pytest.param(Site(), [("host", "a.example:8501")], "http://a.example:8501", id="as it was asked for"),
        pytest.param(Site(public_url="https://p.example"), [("host", "a")], "https://p.example", id="as it is set"),
        pytest.param(
            Site(trusted_hops=1),
            [("host", "a.example"), ("x-forwarded-proto", "https")],
            "https://a.example",
            id="TLS at the proxy",
        ),
        pytest.param(
            Site(trusted_hops=1),
            [("host", "a.example"), ("x-forwarded-host", "evil.example")],
            "http://a.example",
            id="a forwarded host that nobody listed",
        ),
        pytest.param(
            Site(trusted_hops=1, allowed_hosts=("a.example", "app")),
            [("host", "app"), ("x-forwarded-host", "a.example"), ("x-forwarded-proto", "https")],
            "https://a.example",
            id="a forwarded host that is listed",
        ),
        pytest.param(Site(allowed_hosts=("a.example",)), [("host", "evil.example")], "", id="a host that is not ours"),
        pytest.param(Site(), [("host", "<script>")], "", id="no host at all"),
        pytest.param(Site(), [], "", id="nothing said"),
    ],
)
def test_links_begin_with_an_address_that_can_be_believed(
    site: Site, headers: list[tuple[str, str]], expected: str
) -> None:
    assert base_url(ask(*headers), site) == expected


def test_the_client_of_a_request() -> None:
    told = ("x-forwarded-for", f"6.6.6.6, {ME}")
    assert client_of(ask(told), Site()) == PEER
    assert client_of(ask(told), Site(trusted_hops=1)) == ME
    assert client_of(ask(("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", ME)), Site(trusted_hops=1)) == ME
    assert client_of(ask(peer=None), Site()) is None


@pytest.mark.parametrize(
    ("told", "prefix"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:8080", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("[2001:DB8:1:2::]:443", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("unknown", ""),
        ("192.0.2.1, 192.0.2.2", ""),
    ],
)
def test_a_visitor_is_held_to_an_address_or_to_the_network_of_one_line_at_home(told: str, prefix: str) -> None:
    assert prefix_of(told) == prefix
