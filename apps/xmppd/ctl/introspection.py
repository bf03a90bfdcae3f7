"""introspection — the supervision trees of all nodes, drawn from side tables: nobody who is looked at is asked.

OTP:      observer's application tab
Way:      `tree` → [introspection] → otp.stdlib.tree here, by rpc on each worker
"""

from __future__ import annotations

from typing import Any

from otp.erts import process
from otp.kernel import rpc
from otp.stdlib import tree as supervision
from xmppd.commands import CommandError
from xmppd.ctl.look import nodes, pids

#: children shown of one supervisor: of ten thousand sessions the first
MOST = 20


@rpc.exported
def here(under: str | None = None, limit: int = MOST, first: int = 0) -> list[dict[str, Any]]:
    """Give the trees of this node, or the one under a supervisor (name or pid); [] if that is not here."""
    if under is None:
        return [supervision.as_dict(root) for root in supervision.tree(limit=limit)]
    root = pids.pid_of(under) or process.whereis(under)
    return [supervision.as_dict(one) for one in supervision.tree(root, limit, first)] if root is not None else []


async def tree(under: str | None, node: str | None, limit: int, first: int) -> dict[str, Any]:
    """Give the trees of the parent and of every worker, by node; a worker that is down has none.

    `under`: only the tree of that supervisor; `limit` children of each are shown, of `under` those from `first` on.
    Raises CommandError if there is no such supervisor.
    """
    asked = nodes.names(node or pids.node_of(under))
    answers = await nodes.each(f"{__name__}:here", under, int(limit), int(first), only=asked, timeout=3.0)
    found = {name: trees or [] for name, trees in answers.items()}
    if under is None:
        return found
    having = {name: trees for name, trees in found.items() if trees}
    if not having:
        raise CommandError(f"no supervisor {under}")
    return having
