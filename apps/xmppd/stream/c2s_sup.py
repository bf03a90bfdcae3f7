"""c2s_sup — the clients' streams of this worker.

OTP:      supervisor (simple_one_for_one), cf. ejabberd_c2s_sup
Way:      net.acceptor → handler(settings) → [c2s_sup] → c2s; adopter → [c2s_sup] → c2s
Process:  permanent, under xmppd.sup; its children are temporary: a stream that has ended is not restarted
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import Final

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.exits import ReceiveTimeout
from otp.erts.pid import Pid
from otp.stdlib import supervisor
from otp.stdlib.child_spec import TEMPORARY, ChildSpec, Strategy, SupFlags
from otp.stdlib.supervisor import Supervisor
from xmpp_core.stream_state import StreamConfig
from xmppd.net.acceptor import Handler
from xmppd.net.connection import DETACHED, Connection
from xmppd.routing.deliver import Quiesce, Quiet, Shutdown
from xmppd.stream import c2s
from xmppd.stream.c2s_moves import Adoption
from xmppd.stream.c2s_session import C2sSettings

NAME = "c2s_sup"
#: seconds in which streams stop hearing their clients, when the server goes down
QUIET: Final = 0.5


class C2sSup(Supervisor):
    """One spec; each start_child gives the settings and the connection."""

    def init(self) -> tuple[SupFlags, list[ChildSpec]]:
        """Temporary children, two seconds to say goodbye."""
        child = ChildSpec("c2s", (c2s.start_link, ()), restart=TEMPORARY, shutdown=2.0)
        return SupFlags(Strategy.SIMPLE_ONE_FOR_ONE, 10, 1.0), [child]


def handler(settings: C2sSettings) -> Handler:
    """What an acceptor calls with each connection."""
    return partial(_start, settings)


async def _start(settings: C2sSettings, connection: Connection) -> Pid | None:
    pid: Pid | None = await supervisor.start_child(NAME, (settings, connection))
    return pid


async def adopt(adoption: Adoption) -> Pid | None:
    """Start one for a session whose process is gone; its rules of the negotiation are of no use any more."""
    host = adoption.orphan.saved.jid.domain
    settings = C2sSettings(StreamConfig(hosts=(host,)))
    pid: Pid | None = await supervisor.start_child(NAME, (settings, DETACHED, adoption))
    return pid


async def quiesce(name: str = NAME, seconds: float = QUIET) -> None:
    """Hear nothing more of clients that acknowledge, on all workers, before the first session is put by: what one says
    while sessions leave would miss those that have left already."""
    pids = [child.pid for child in await supervisor.which_children(name) if isinstance(child.pid, Pid)]
    for pid in pids:
        process.send(pid, Quiesce(process.self_()))
    until = CLOCK.monotonic() + seconds
    with contextlib.suppress(ReceiveTimeout):
        for _ in pids:
            await process.receive(lambda m: type(m) is Quiet, max(until - CLOCK.monotonic(), 0.0))


async def shut_down(name: str = NAME, seconds: float = 5.0) -> int:
    """Tell every stream that the server goes down, and wait until they have gone; returns how many have not."""
    pids = [child.pid for child in await supervisor.which_children(name) if isinstance(child.pid, Pid)]
    for pid in pids:
        process.send(pid, Shutdown())
    refs = {process.monitor(pid) for pid in pids}
    timer = process.send_after(seconds, process.self_(), _TooLate)
    while refs:
        message = await process.receive(lambda m: m is _TooLate or getattr(m, "ref", None) in refs)
        if message is _TooLate:
            break
        refs.discard(message.ref)
    process.cancel_timer(timer)
    for ref in refs:
        process.demonitor(ref, flush=True)
    return len(refs)


class _TooLate:
    """The time to leave is over."""
