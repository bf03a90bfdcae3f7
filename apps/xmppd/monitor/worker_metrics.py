"""worker_metrics — what is read on a worker when somebody scrapes: its sessions, its registered accounts' homes.

Way:      routing.sm → [worker_metrics] → metrics.snapshot
Process:  none
"""

from __future__ import annotations

from collections.abc import Mapping

from xmppd import metrics
from xmppd.monitor import gather, node_metrics
from xmppd.routing.account.account import ACCOUNTS
from xmppd.routing.sm.session_table import OWN

#: loaded here, so that a worker answers a scrape of another one
LOADED = (gather, node_metrics)


def _sessions() -> Mapping[str, float]:
    """The sessions whose process is on this node, by whether they have a connection."""
    detached = sum(1 for session in OWN.values() if not session.entry.attached)
    return {"attached": len(OWN) - detached, "detached": detached}


metrics.gauge("xmppd_sessions", "sessions of clients, by whether they have a connection", _sessions, state=())
metrics.gauge("xmppd_accounts_in_use", "accounts that have something in memory here", lambda: len(ACCOUNTS))
