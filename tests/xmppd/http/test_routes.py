"""Who answers which path."""

from __future__ import annotations

import pytest

from tests.support import node
from xmppd.http import routes
from xmppd.http.messages import HttpError, HttpRequest, HttpResponse
from xmppd.http.routes import HttpRoute
from xmppd.routing import handler_table


def route(name: str, *methods: str) -> HttpRoute:
    return HttpRoute(lambda request: HttpResponse(body=name.encode()), methods or ("GET",))


OWN = {"/healthz": route("own"), "/files/": route("files"), "/files/deep/": route("deep"), "/post": route("p", "POST")}


def ask(path: str, method: str = "GET", host: str = "") -> str:
    found = routes.find(HttpRequest(method, path, headers=(("host", host),)), OWN)
    answer = found.handler(HttpRequest(method, path))
    assert isinstance(answer, HttpResponse)
    return answer.body.decode()


@pytest.mark.parametrize(
    ("path", "name"),
    [("/healthz", "own"), ("/files/", "files"), ("/files/a/b", "files"), ("/files/deep/x", "deep")],
)
def test_the_longest_path_that_fits(path: str, name: str) -> None:
    assert ask(path) == name


@pytest.mark.parametrize("path", ["/", "/health", "/healthz/", "/files", "/x" * 100])
def test_nothing_is_where_nothing_was_put(path: str) -> None:
    with pytest.raises(HttpError) as caught:
        ask(path)
    assert caught.value.status == 404


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [("/healthz", "POST", "GET, HEAD"), ("/healthz", "DELETE", "GET, HEAD"), ("/post", "GET", "POST")],
)
def test_another_method_is_told_which_there_are(path: str, method: str, allowed: str) -> None:
    with pytest.raises(HttpError) as caught:
        ask(path, method)
    assert (caught.value.status, caught.value.headers) == (405, {"allow": allowed})


def test_head_goes_where_get_goes() -> None:
    assert ask("/healthz", "HEAD") == "own"


def test_modules_add_paths_and_the_host_that_is_asked_decides() -> None:
    async def body() -> None:
        await routes.start_link()
        for host in ("one.example", "two.example"):
            owner = f"mod_x@{host}"
            entries = [routes.entry(path, route(host), owner) for path in ("/x", "/y/", "/healthz")]
            await handler_table.register(routes.TABLE, owner, tuple(entries))
        assert ask("/x", host="two.example:5280") == "two.example"
        assert ask("/y/z", host="one.example") == "one.example"
        assert ask("/x", host="192.0.2.1") == "one.example"
        assert ask("/healthz", host="two.example") == "own"  # nobody takes the server's own
        await handler_table.register(routes.TABLE, "mod_x@two.example", ())
        assert ask("/x", host="two.example") == "one.example"

    node.run(body)


def test_a_path_begins_at_the_root() -> None:
    with pytest.raises(ValueError, match="begins with"):
        routes.entry("x", route("x"), "mod_x@h")
