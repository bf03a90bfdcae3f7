"""iq — finds the handler of an IQ request by namespace, element and place, in one look-up.

OTP:      gen_server (handler_table); cf. gen_iq_handler and ejabberd_local's iqtable
Way:      router (to the server itself), users (to an account), services (to a domain of a module, or to an entity of
          it) → [iq] → handler of a mod, in the requester's process
Process:  `iq`, one per node, permanent, under xmppd.sup; only registrations go through it
RFC:      6120 §8.2.3, §8.4; 6121 §8.5.2.1.3
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Final, NamedTuple

from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from xmpp_core import ns as namespace
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq
from xmppd.routing import faults, handler_table, hooks
from xmppd.routing.handler_table import HandlerEntry, HandlerTable
from xmppd.routing.hook_points import MaySeePresenceHook

TABLE: Final = "iq"


class At(StrEnum):
    """What a request is addressed to.

    LOCAL: the server itself; SM: an account (a bare JID, or none at all). DOMAIN: the module's own service domain;
    ENTITY: node@domain of it (a room). SERVICE: a service domain of any module of the host, or an entity of it, unless
    that module answers itself.
    """

    LOCAL = "local"
    SM = "sm"
    DOMAIN = "domain"
    ENTITY = "entity"
    SERVICE = "service"


LOCAL: Final = At.LOCAL
SM: Final = At.SM
DOMAIN: Final = At.DOMAIN
ENTITY: Final = At.ENTITY
SERVICE: Final = At.SERVICE
#: requests that are refused before they reach a resource, and how
_GUARDED: Final = {namespace.LAST: "forbidden"}
#: what a stranger is told, whether there is such an account or not. RFC: 6121 §8.5.1
UNAVAILABLE: Final = "service-unavailable"
SERVED: Final = ""
Handler = Callable[[Iq], "Iq | Awaitable[Iq | None] | None"]


class IqTable(HandlerTable):
    """The process that owns the table of IQ handlers."""


async def start_link() -> Pid | None:
    """Starts the IQ table of this node."""
    return await gen_server.start_link(IqTable, TABLE, name=TABLE)


def spec() -> ChildSpec:
    """As a child of a supervisor."""
    return ChildSpec("iq", (start_link, ()))


def entry(
    host: str, ns: str, name: str, at: At, handler: Handler, owner: str, strangers: str = UNAVAILABLE
) -> HandlerEntry:
    """A handler as handler_table.register wants it; `name` "" means any element of that namespace.

    `strangers`: the condition with which a request to an account is refused to those who may not know of the account;
    SERVED: the handler is asked all the same, for accounts that do not exist as well.
    """
    return HandlerEntry((host, at, ns, name), 50, owner, handler, strangers)


class Announced(NamedTuple):
    """A key of the table beside those of handlers: its row has all features that are announced at this place."""

    host: str
    at: At


def announcement(host: str, at: At, feature: str, owner: str) -> HandlerEntry:
    """Announces a feature (mostly a namespace) at this place while its owner is there."""
    return HandlerEntry(Announced(host, at), 50, owner, _answers_nothing, point=feature)


def _answers_nothing(iq: Iq) -> None:
    """Stands in an entry that only announces."""


def features(host: str, at: At) -> list[str]:
    """What service discovery announces at this place, sorted. XEP: 0030 §3"""
    return sorted({entry.point for entry in announced(host, at)})


def announced(host: str, at: At) -> tuple[HandlerEntry, ...]:
    """What `features` is made of: the same tuple for as long as nothing is announced or taken back there."""
    return handler_table.chain(TABLE, Announced(host, at)) or ()


async def process(iq: Iq, at: At, host: str = "") -> Iq | None:
    """Handles a request; `iq.to` says of whom, `iq.from_` who asks. `host`: whose service it is, at DOMAIN, ENTITY.

    Returns the result or the error; None if it is a result or an error itself (RFC 6120 §8.2.3), or if the
    handler answers later. Whatever a handler raises is an error to the requester (faults), and ends nobody's stream.
    """
    if not iq.is_request:
        return None
    try:
        found = await _find(iq, at, host)
        if at is At.SM and found.refusal != SERVED:
            await _refuse_strangers(iq, found.refusal)
        handler: Handler = found.fn
        result = handler(iq)
        return result if result is None or isinstance(result, Iq) else await result
    except Exception as error:
        return iq.error(faults.stanza_error(error, f"answering {_named(iq)}"))


def _named(iq: Iq) -> str:
    payload = iq.payload
    what = f"{payload.name} of {payload.ns}" if payload is not None else "nothing"
    return f"iq {iq.type} ({what}) from {iq.from_} to {iq.to}"


async def guard(iq: Iq) -> None:
    """Raises StanzaError for a stranger's request that no resource of the account may see. XEP-0012 §4 (last)"""
    payload = iq.payload
    if payload is not None and payload.ns in _GUARDED:
        await _refuse_strangers(iq, _GUARDED[payload.ns])


async def _refuse_strangers(iq: Iq, condition: str) -> None:
    """The one place that keeps from strangers whether there is an account: before anybody looks for it, with one
    answer for all. Known are the owner, and those who may see the account's presence."""
    assert iq.to is not None
    owner, asker = iq.to.bare_jid(), iq.from_
    known = asker is not None and asker.bare == owner.bare
    if not known and asker is not None:
        known = await hooks.run_fold(owner.domain, MaySeePresenceHook(owner, asker), False)
    if not known:
        raise StanzaError(condition)


async def _find(iq: Iq, at: At, host: str) -> HandlerEntry:
    payload, to = iq.payload, iq.to
    if payload is None or to is None:
        raise StanzaError("bad-request")
    for domain, place in ((to.domain, at), (host, SERVICE)) if host else ((to.domain, at),):
        for name in (payload.name, ""):
            key = (domain, place, payload.ns, name)
            found = handler_table.chain(TABLE, key)
            if found is None:
                found = await handler_table.wait_chain(TABLE, key)
            if found:
                return found[0]
    raise StanzaError(UNAVAILABLE)
