"""Requests and responses as values; above all, one meaning for each target."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppd.http.messages import LONGEST_TARGET, HttpError, HttpRequest, json_response, target


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/metrics", ("/metrics", "")),
        ("/metrics?name=a&x=%20", ("/metrics", "name=a&x=%20")),
        ("/%6detrics", ("/metrics", "")),
        ("/a%2520b", ("/a%20b", "")),
        ("/b%C3%BCcher", ("/bücher", "")),
        ("http://other.example:80/healthz?x", ("/healthz", "x")),
        ("http://other.example", ("/", "")),
        ("/...", ("/...", "")),
    ],
)
def test_a_target_is_decoded_once(text: str, found: tuple[str, str]) -> None:
    assert target(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "", "*", "metrics", "localhost:443", "/a/../b", "/a/%2e%2e/b", "/a/%2E./b", "/.", "/a%00b", "/a%0d%0ab",
        "/a%5cb", "/a\\b", "/%u002e", "/%", "/%4", "/%zz", "/%ff", "/%c0%ae", "/a#b", "/%7f",
    ],
)  # fmt: skip
def test_what_another_program_may_read_otherwise_is_refused(text: str) -> None:
    with pytest.raises(HttpError) as caught:
        target(text)
    assert caught.value.status == 400


@given(st.text())
def test_no_target_leads_out_of_its_place(text: str) -> None:
    try:
        path, _ = target(text)
    except HttpError:
        return
    assert path.startswith("/")
    assert not {"..", "."} & set(path.split("/"))
    assert not set(path) & set("\\\0\r\n")


def test_a_long_target_is_refused() -> None:
    with pytest.raises(HttpError) as caught:
        target("/" * (LONGEST_TARGET + 1))
    assert caught.value.status == 414


@pytest.mark.parametrize(
    ("host", "name"),
    [("Example.ORG:5280", "example.org"), ("a", "a"), ("[::1]:5280", "[::1]"), ("[::1]", "[::1]"), ("", "")],
)
def test_the_host_is_named_without_its_port(host: str, name: str) -> None:
    assert HttpRequest("GET", "/", headers=(("host", host),) if host else ()).host == name


def test_headers_of_one_name_are_one() -> None:
    request = HttpRequest("GET", "/", headers=(("accept", "a"), ("host", "h"), ("accept", "b")))
    assert (request.header("accept"), request.header("cookie")) == ("a, b", "")


def test_an_answer_in_json() -> None:
    response = json_response({"a": "ü\n"}, 503)
    assert (response.status, response.type) == (503, "application/json")
    assert response.body == b'{"a": "\\u00fc\\n"}\n'


def test_a_refusal_is_an_answer() -> None:
    response = HttpError(405, "not so", allow="GET").response()
    assert (response.status, response.body, response.headers) == (405, b"not so\n", {"allow": "GET"})
