"""iq — who answers which request: namespace, element and place, found in one look-up.

OTP:      gen_server (handler_table); cf. gen_iq_handler and ejabberd_local's iqtable
Way:      local (to the server itself), users (to an account) → [iq] → handler of a mod, in the requester's process
Process:  `iq`, one per node, permanent, under xmppd.sup; only registering goes through it
RFC:      6120 §8.2.3, §8.4; 6121 §8.5.2.1.3
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Final

from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq
from xmppd.routing import faults, handler_table
from xmppd.routing.handler_table import Entry, HandlerTable

TABLE: Final = "iq"


class At(StrEnum):
    """What a request is addressed to: the server itself, or an account (a bare JID, or none at all)."""

    LOCAL = "local"
    SM = "sm"


LOCAL: Final = At.LOCAL
SM: Final = At.SM
Handler = Callable[[Iq], "Iq | Awaitable[Iq | None] | None"]


class IqTable(HandlerTable):
    """The process that owns the table of IQ handlers."""


async def start_link() -> Pid | None:
    """Starts the IQ table of this node."""
    return await gen_server.start_link(IqTable, TABLE, name=TABLE)


def spec() -> ChildSpec:
    """As a child of a supervisor."""
    return ChildSpec("iq", (start_link, ()))


def entry(host: str, ns: str, name: str, at: At, handler: Handler, owner: str) -> Entry:
    """A handler as handler_table.register wants it; `name` "" means any element of that namespace."""
    return Entry((host, at, ns, name), 50, owner, handler)


def namespaces(host: str, at: At) -> list[str]:
    """The namespaces that are answered at this place, sorted: what service discovery announces."""
    try:
        keys = handler_table.keys(TABLE)
    except LookupError:
        return []
    return sorted({key[2] for key in keys if isinstance(key, tuple) and key[:2] == (host, at)})


async def process(iq: Iq, at: At) -> Iq | None:
    """Has a request answered; `iq.to` says whose, `iq.from_` who asks.

    Returns the result or the error; None if it is a result or an error itself (RFC 6120 §8.2.3), or if the
    handler answers later. Whatever a handler raises is an error to who asked (faults), and ends nobody's stream.
    """
    if not iq.is_request:
        return None
    try:
        handler = await _find(iq, at)
        result = handler(iq)
        return await result if inspect.isawaitable(result) else result
    except Exception as error:
        return iq.error(faults.stanza_error(error, f"answering {_named(iq)}"))


def _named(iq: Iq) -> str:
    payload = iq.payload
    what = f"{payload.name} of {payload.ns}" if payload is not None else "nothing"
    return f"iq {iq.type} ({what}) from {iq.from_} to {iq.to}"


async def _find(iq: Iq, at: At) -> Handler:
    payload, to = iq.payload, iq.to
    if payload is None or to is None:
        raise StanzaError("bad-request")
    for name in (payload.name, ""):
        key = (to.domain, at, payload.ns, name)
        found = handler_table.chain(TABLE, key)
        if found is None:
            found = await handler_table.wait_chain(TABLE, key)
        if found:
            return found[0].fn
    raise StanzaError("service-unavailable")
