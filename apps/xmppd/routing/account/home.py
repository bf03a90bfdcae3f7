"""home — the one node at which an account's stages run, so that its archive has the order in which devices are served.

OTP:      cf. global: one place for each name; here every node computes it, and none is asked
Way:      stages → [home] → this node, or the `accounts` process of another node
Process:  none: reads the session table and the members of a pg group
Differs:  the node of the account's oldest session, so that for an account with one session no stanza crosses to a node
          more than it must for its delivery; without a session, rendezvous hashing of the bare JID over the nodes that
          serve
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from otp.erts import process
from otp.erts.pid import Pid
from otp.kernel import pg
from xmppd.routing.durability import HOMES
from xmppd.routing.placement import node_for
from xmppd.routing.session import Session

GROUP: Final = HOMES


def home_of(bare: str, rows: Sequence[Session]) -> Pid | None:
    """The `accounts` process of the account's home; None: it is this node, or that one does not serve now.

    `rows` are the account's sessions in the order of sm, the oldest first."""
    if rows:
        name = rows[0].pid.node
        if name == process.node():
            return None
        return next((pid for pid in pg.get_members(GROUP) if pid.node == name), None)
    members = pg.get_members(GROUP)
    if len(members) < 2:
        return None
    name = node_for(bare, [pid.node for pid in members])
    return None if name == process.node() else next(pid for pid in members if pid.node == name)
