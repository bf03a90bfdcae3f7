"""receiver_sup — the receivers of this worker.

OTP:      supervisor (simple_one_for_one), cf. ejabberd_receiver_sup
Way:      net.acceptor → [receiver_sup] → receiver
Process:  permanent, under xmppd.sup; its children are temporary: a connection that has ended is not restarted
"""

from __future__ import annotations

from otp.stdlib import gen_server
from otp.stdlib.child_spec import TEMPORARY, ChildSpec, Strategy, SupFlags
from otp.stdlib.supervisor import Supervisor
from xmppd.net.receiver import Receiver

NAME = "receiver_sup"


class ReceiverSup(Supervisor):
    """One spec; each start_child gives the arguments of Receiver.init."""

    def init(self) -> tuple[SupFlags, list[ChildSpec]]:
        """Temporary children, a second to end."""
        child = ChildSpec("receiver", (gen_server.start_link, (Receiver,)), restart=TEMPORARY, shutdown=1.0)
        return SupFlags(Strategy.SIMPLE_ONE_FOR_ONE, 10, 1.0), [child]
