"""sm_metrics — what is measured of stream management: sessions resumed, expired and refused, stanzas not acknowledged.

Way:      audit's counts, the sessions of this worker → [sm_metrics] → metrics.snapshot; mod_stream_management → FAILED
Process:  none: read when somebody scrapes
"""

from __future__ import annotations

from typing import Final

from xmppd import audit, metrics
from xmppd.routing.sm.session_table import OWN

_NAME: Final = "mod_stream_management"
#: `<failed/>`, by its condition
FAILED: Final = metrics.counter(
    "xmppd_sm_failed_total",
    "requests to enable or resume that were refused",
    reason=("item-not-found", "bad-request", "feature-not-implemented", "unexpected-request"),
)


def _unacknowledged() -> float:
    states = [session.module_states.get(_NAME) for session in list(OWN.values())]
    return sum(len(state.kept) for state in states if state is not None)


metrics.counter("xmppd_sm_resumed_total", "sessions that went on", lambda: audit.COUNTS[audit.RESUMED])
metrics.counter(
    "xmppd_sm_hibernated_total", "sessions that have lost their connection", lambda: audit.COUNTS[audit.HIBERNATED]
)
metrics.counter("xmppd_sm_expired_total", "sessions nobody has resumed", lambda: audit.COUNTS[audit.EXPIRED])
metrics.gauge("xmppd_sm_unacknowledged", "stanzas that clients have not acknowledged", _unacknowledged)
