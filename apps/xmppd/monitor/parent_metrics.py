"""parent_metrics — what only the parent knows: how often each worker has ended, and which runs.

OTP:      cf. the restart counts of a supervisor
Way:      otp.kernel.keeper.STATES → [parent_metrics] → metrics.snapshot, on the node main
Process:  none: read when somebody scrapes. Loading it also loads what every node measures
"""

from __future__ import annotations

from typing import Final

from otp.kernel import keeper
from xmppd import metrics
from xmppd.monitor import gather, node_metrics
from xmppd.node.version import build, version

#: loaded here, so that the parent answers a scrape of a worker
LOADED: Final = (gather, node_metrics)

metrics.counter(
    "xmppd_worker_ends_total",
    "how often a worker has ended and was started again",
    lambda: {name: kept.ends for name, kept in keeper.STATES.items()},
    worker=(),
)
metrics.gauge(
    "xmppd_worker_serving",
    "1 for a worker that serves, 0 for one that starts, pauses or stops",
    lambda: {name: float(kept.status == "serving") for name, kept in keeper.STATES.items()},
    worker=(),
)
metrics.gauge(
    "xmppd_build_info",
    "1; the version is a label",
    lambda: {"+".join(filter(None, (version(), build()))): 1},
    version=(),
)
