"""gen_mod_http — what a module's file declares for HTTP: the paths that it answers.

OTP:      cf. the request_handlers of ejabberd_http.erl
Way:      mod_* → [gen_mod_http] → gen_mod_server → http.routes

    @http_handler("/status", methods=("GET",))
    def show(request: HttpRequest, mod: Mod) -> HttpResponse:
        return json_response({"host": mod.host})

It is served by every listener of HTTP while the module runs. Of the hosts that have the module the one that the request
names (Host) is asked, else the first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any, TypeAlias

from xmppd.gen_mod import Mod
from xmppd.http import routes
from xmppd.http.messages import HttpRequest, HttpResponse
from xmppd.http.routes import HttpRoute
from xmppd.routing.handler_table import HandlerEntry

HttpModHandler: TypeAlias = Callable[[HttpRequest, Mod], HttpResponse | Awaitable[HttpResponse]]


def http_handler(
    path: str, *, methods: tuple[str, ...] = ("GET",), body: int = 0, seconds: float = 10.0
) -> Callable[[HttpModHandler], HttpModHandler]:
    """Declares what answers requests for `path`, and for all below it if it ends in "/". `body`: bytes that a request
    may bring; `seconds`: after which it is answered 503. The handler may be async, runs in a process of its own, and
    raises HttpError to refuse."""

    def mark(fn: HttpModHandler) -> HttpModHandler:
        fn.__dict__.setdefault("_paths", []).append((path, methods, body, seconds))
        return fn

    return mark


def http_entries(module: ModuleType, mod: Mod) -> tuple[HandlerEntry, ...]:
    """The paths that the file declares, bound to `mod`."""
    return tuple(
        routes.entry(path, HttpRoute(_bind(fn, mod), methods, body, seconds), mod.owner)
        for fn in vars(module).values()
        if callable(fn) and hasattr(fn, "_paths")
        for path, methods, body, seconds in fn._paths
    )


def _bind(fn: Any, mod: Mod) -> routes.HttpHandler:
    def handle(request: HttpRequest) -> Any:
        return fn(request, mod)

    return handle
