"""routes — who answers for a domain, as a value.

OTP:      cf. the table `route` of ejabberd_router.erl
Way:      router.route_of(domain) → [a route] → router.dispatch, which matches on it
Process:  none
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from xmpp_core.stanza import Stanza

#: what a module does with a stanza for its service: the answer to the sender, if there is one. Raises StanzaError
StanzaHandler: TypeAlias = Callable[[Stanza], "Stanza | Awaitable[Stanza | None] | None"]


@dataclass(frozen=True, slots=True)
class HostRoute:
    """A virtual host of ours: itself, and its accounts."""

    domain: str


@dataclass(frozen=True, slots=True)
class ServiceRoute:
    """A service domain of a module, on one host.

    `host`: the host that it belongs to; `owner`: the registered name of the module's process; `handler` takes what is
    not answered by an IQ handler (None: nobody does); `identity`: category, type and name in its disco#info.
    """

    domain: str
    host: str
    owner: str
    handler: StanzaHandler | None = None
    identity: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class ProcessRoute:
    """A domain that processes have registered, on any node: components."""

    domain: str


@dataclass(frozen=True, slots=True)
class Fallback:
    """A domain that is nobody's here: for the processes that have registered router.NOBODYS (federation), if any."""

    domain: str


Route: TypeAlias = HostRoute | ServiceRoute | ProcessRoute | Fallback
