"""placed_sup — the processes for keys of a module, and the locator that knows them.

OTP:      supervisor; cf. mod_muc_sup
Process:  `placed_sup@…`, one per node, host and Placed, a child of the module's; below it KeySup and the locator
"""

from __future__ import annotations

from typing import Any

from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import ChildSpec, Strategy, SupFlags
from otp.stdlib.supervisor import Supervisor
from xmppd.routing.placed.locator import PATIENCE, Locator
from xmppd.routing.placed.placed import HasOwner, Placed


class PlacedSup(Supervisor):
    """The processes for keys, and the locator, which comes last and so goes first."""

    def init(self, mod: HasOwner, placed: Placed) -> Any:
        """The children."""
        group = placed.group(mod)
        return SupFlags(Strategy.ONE_FOR_ONE, 10, 10.0), [
            supervisor.spec(KeySup, name=placed.sup_name(mod)),
            ChildSpec(group, (gen_server.start_link, (Locator, mod, placed), {"name": group}), shutdown=2 * PATIENCE),
        ]


class KeySup(Supervisor):
    """The processes for keys: started at need."""

    def init(self) -> Any:
        """None yet."""
        return SupFlags(Strategy.ONE_FOR_ONE), []


def spec(mod: HasOwner, placed: Placed) -> ChildSpec:
    """All of it as a child of a module."""
    return supervisor.spec(PlacedSup, mod, placed, name=f"placed_sup@{placed.group(mod)}")
