"""keepalive — asks clients that say nothing whether they are there: those that are not do not stay online.

OTP:      gen_server; cf. send_pings and timeout_action of ejabberd's mod_ping
Way:      [keepalive] → KeepaliveTick → stream.c2s → connection, which counts the periods of silence
Process:  `keepalive`, one per worker, permanent, under xmppd_sup; only there where `[keepalive]` wants it
RFC:      6120 §4.6.1 (whitespace), §4.6.2 (other methods)
XEP:      0199
Differs:  a session that says nothing costs a message each quarter of the interval, and neither timer nor memory

TCP notices a network that answers nothing ([limits] vanished_seconds). A phone whose system answers while the program
sleeps is noticed by pings only. Whatever a client sends is a sign of life, also a space. One that gives none is taken
for gone: as for any lost connection, modules decide whether its session waits for it (ConnectionLostHook).
"""

from __future__ import annotations

import asyncio
import math
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from otp.erts import process
from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer, NoReply
from xmpp_core import ns
from xmpp_core.element import el
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq
from xmppd import audit, limits_hit
from xmppd.config.schema import KeepaliveSection
from xmppd.routing.sm import sm

if TYPE_CHECKING:
    from xmppd.stream.c2s_session import C2sData

NAME: Final = "keepalive"
#: periods of an interval: silence is measured in them
PERIODS: Final = 4
#: sessions that are told before other processes have their turn
AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class KeepaliveTick:
    """To a c2s: a period has passed. After `ask` periods of silence something is sent, a ping or a space; after `end`
    the client is taken for gone (0: never)."""

    ping: bool
    ask: int = PERIODS
    end: int = 0


@dataclass(frozen=True, slots=True)
class _Schedule:
    seconds: float
    tick: KeepaliveTick


class Keepalive(GenServer[_Schedule]):
    """The callbacks."""

    def init(self, section: KeepaliveSection) -> _Schedule:
        """The first period begins."""
        schedule = schedule_of(section)
        process.send_after(schedule.seconds, process.self_(), schedule.tick)
        return schedule

    async def handle_info(self, message: object, state: _Schedule) -> Any:
        """A period has passed."""
        if message is state.tick:
            process.send_after(state.seconds, process.self_(), state.tick)
            for number, pid in enumerate(sm.sessions_here(), 1):
                process.send(pid, state.tick)
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)
        return NoReply(state)


def schedule_of(section: KeepaliveSection) -> _Schedule:
    """How often, and what is told."""
    seconds = section.interval / PERIODS
    if section.mode != "ping":
        return _Schedule(seconds, KeepaliveTick(ping=False))
    return _Schedule(seconds, KeepaliveTick(ping=True, end=PERIODS + math.ceil(section.timeout / seconds)))


def tick(data: C2sData, told: KeepaliveTick) -> None:
    """In the c2s: look how long its client has been silent, and do what is due."""
    connection, session = data.connection, data.session
    silent = connection.tick()
    if session is None or silent < told.ask:
        return
    if told.end and silent >= told.end:
        limits_hit.PING.n += 1
        audit.tell(audit.VANISHED, f"no sign of life from {audit.address(data.peer)}", audit.quoted(session.jid.full))
        connection.abandon("ping_timeout")
    elif told.ping and silent == told.ask:
        data.send(_ping(session.jid))
    elif not told.ping and silent % told.ask == 0:
        connection.keep_alive()


def _ping(jid: JID) -> Iq:
    attrs = {"type": "get", "id": f"ping-{secrets.token_hex(4)}", "from": jid.domain, "to": jid.full}
    return Iq(el("iq", ns.CLIENT, attrs, el("ping", ns.PING)), JID("", jid.domain), jid)


async def start_link(section: KeepaliveSection) -> Pid | None:
    """Start it."""
    return await gen_server.start_link(Keepalive, section, name=NAME)


def specs(section: KeepaliveSection) -> list[ChildSpec]:
    """As a child of a supervisor; none where nothing is to be sent."""
    return [] if section.mode == "off" else [ChildSpec(NAME, (start_link, (section,)))]
