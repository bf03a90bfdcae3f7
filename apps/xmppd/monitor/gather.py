"""gather — asks all nodes of the server for their metrics: one answer shows all of them, and which of them are silent.

OTP:      rpc:multicall/4
Way:      monitor.scraper → [gather] → rpc → metrics.snapshot on each node
Process:  runs in the caller
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from otp.kernel import application, node, rpc
from xmppd import metrics
from xmppd.metrics import Sample

#: seconds that all nodes have together: one that stands still is shown as down, and holds up nobody
PATIENCE: Final = 1.0
#: the name of the parent's node, and of its metrics
PARENT: Final = "main"
_OF_THE_PARENT: Final = ("otp_", "process_", "python_", "xmppd_worker_", "xmppd_build_", "xmppd_loop_")


@rpc.exported
def told() -> list[Sample]:
    """The metrics of this node; of the parent those that mean something there, since it has loaded all."""
    found = metrics.snapshot()
    return found if node.this() != PARENT else [sample for sample in found if sample[0].startswith(_OF_THE_PARENT)]


def expected() -> list[str]:
    """The names of all nodes that this server is made of, this one first."""
    others = application.get_env("kernel", "nodes", ())
    return [node.this(), *(name for name in others if name != node.this())]


async def gather(names: Iterable[str]) -> Mapping[str, list[Sample] | None]:
    """The metrics of these nodes, None for one that does not answer in time."""
    wanted = list(names)
    asked = [name for name in wanted if name != node.this() and name in node.nodes() and not node.is_silent(name)]
    answers = await rpc.multicall(asked, "xmppd.monitor.gather:told", timeout=PATIENCE) if asked else {}
    found: dict[str, list[Sample] | None] = {}
    for name in wanted:
        answer = told() if name == node.this() else answers.get(name)
        found[name] = answer if isinstance(answer, list) else None
    return found
