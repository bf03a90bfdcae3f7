"""introspection — the supervision trees of all nodes, drawn from side tables: nobody who is looked at is asked.

OTP:      observer's application tab
Way:      `tree` → [introspection] → otp.stdlib.tree here, by rpc on each worker
"""

from __future__ import annotations

from typing import Any

from otp.kernel import node, rpc
from otp.stdlib import tree as supervision
from xmppd.ctl.parent_state import state

#: children shown of one supervisor: of ten thousand sessions the first
MOST = 20


@rpc.exported
def here() -> list[dict[str, Any]]:
    """Give the trees of this node."""
    return [supervision.as_dict(root) for root in supervision.tree(limit=MOST)]


async def tree() -> dict[str, Any]:
    """Give the trees of the parent and of every worker, by node; a worker that is down has none."""
    found: dict[str, Any] = {"main": here()}
    for worker in state().workers:
        found[worker] = await _of(worker) if worker in node.nodes() else []
    return found


async def _of(worker: str) -> list[dict[str, Any]]:
    try:
        trees: list[dict[str, Any]] = await rpc.call(worker, "xmppd.ctl.introspection:here", timeout=3.0)
    except rpc.RpcError:
        return []
    return trees
