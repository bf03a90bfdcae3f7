"""listener_sup — the listeners of this worker and their acceptors: opened last and closed first.

OTP:      supervisor; cf. ejabberd_listener.erl
Way:      xmppd.sup → [listener_sup] → net.listener, net.acceptor
Process:  permanent, last child of xmppd.sup; XmppdApp.prep_stop takes its children away before anything else ends
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from otp.erts import exits
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import ChildSpec, Strategy, SupFlags
from otp.stdlib.supervisor import Supervisor
from xmppd.net import acceptor
from xmppd.net.acceptor import Service
from xmppd.net.listener import Address, Listener

NAME = "listener_sup"


@dataclass(frozen=True, slots=True)
class ListenerSpec:
    """One listener: its address, and what those who come through it get."""

    address: Address
    service: Service


class ListenerSup(Supervisor):
    """Two children per listener: one holds the socket, one accepts."""

    def init(self, specs: Sequence[ListenerSpec]) -> tuple[SupFlags, list[ChildSpec]]:
        """Each listener before its acceptor."""
        children = [child for spec in specs for child in children_of(spec)]
        return SupFlags(Strategy.ONE_FOR_ONE, 10, 1.0), children


def children_of(spec: ListenerSpec) -> list[ChildSpec]:
    """The two processes of a listener, in their order; also for a supervisor of somebody else's."""
    name = f"listener:{spec.address.name}"
    held = (gen_server.start_link, (Listener, spec.address), {"name": name})
    accepts = (acceptor.start_link, (name, spec.service, f"acceptor:{spec.address.name}"))
    return [ChildSpec(name, held), ChildSpec(f"acceptor:{spec.address.name}", accepts)]


async def close_listeners() -> None:
    """Stop listening, for good: nobody new comes in, who is in stays."""
    with contextlib.suppress(exits.CallError):
        children = await supervisor.which_children(NAME)
        for child in reversed(children):
            await supervisor.terminate_child(NAME, child.id)
