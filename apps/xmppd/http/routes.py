"""routes — who answers which path: what the server itself has, and what modules have added.

OTP:      handler_table; cf. cowboy_router.erl and the request_handlers of ejabberd_http.erl
Way:      http.http_server → [routes] → a handler; gen_mod_server → [routes] (what a module declares)
Process:  `http`, permanent, under xmppd.sup: the table; it is read in place

A path is served as it stands, or with all below it where it ends in "/". The longest that fits is used, and of several
modules that have it the one of the host that is asked, else the first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from xmppd.http.messages import HttpError, HttpRequest, HttpResponse
from xmppd.routing import handler_table
from xmppd.routing.handler_table import HandlerEntry, HandlerTable

TABLE: Final = "http"
#: segments of a path that are looked at
_DEEPEST: Final = 16

HttpHandler = Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse]]


@dataclass(frozen=True, slots=True)
class HttpRoute:
    """How a path is served: by which methods (HEAD comes with GET), with how many bytes in a body, and by whom, within
    so many seconds."""

    handler: HttpHandler
    methods: tuple[str, ...] = ("GET",)
    body: int = 0
    seconds: float = 10.0

    def check(self, request: HttpRequest) -> None:
        """Raises HttpError(405) for another method. RFC: 9110 §15.5.6"""
        allowed = (*self.methods, "HEAD") if "GET" in self.methods else self.methods
        if request.method not in allowed:
            raise HttpError(405, "not by this method", allow=", ".join(allowed))


class HttpTable(HandlerTable):
    """The process that owns the table of paths."""


async def start_link() -> Pid | None:
    """Starts the table of this node."""
    return await gen_server.start_link(HttpTable, TABLE, name=TABLE)


def spec() -> ChildSpec:
    """As a child of a supervisor."""
    return ChildSpec(TABLE, (start_link, ()))


def entry(path: str, route: HttpRoute, owner: str) -> HandlerEntry:
    """A path as handler_table.register wants it."""
    if not path.startswith("/"):
        raise ValueError(f'a path begins with "/": {path!r}')
    return HandlerEntry(path, 50, owner, route)


def find(request: HttpRequest, own: Mapping[str, HttpRoute]) -> HttpRoute:
    """The route of a request, its method checked; `own`: those of the listener, which come first. Raises
    HttpError(404, 405)."""
    for path in _candidates(request.path):
        found = own.get(path) or _of_a_module(path, request.host)
        if found is not None:
            found.check(request)
            return found
    raise HttpError(404, "nothing is here")


def _candidates(path: str) -> list[str]:
    """The path, then the folders around it, the innermost first."""
    parts = path.split("/")[:_DEEPEST]
    return [path, *("/".join(parts[:end]) + "/" for end in range(len(parts) - 1, 0, -1))]


def _of_a_module(path: str, host: str) -> HttpRoute | None:
    found = handler_table.chain(TABLE, path)
    if not found:
        return None
    best = next((one for one in found if one.owner.rpartition("@")[2] == host), found[0])
    route: HttpRoute = best.fn
    return route
