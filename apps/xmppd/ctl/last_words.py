"""last_words — why the supervisor of the workers gave up, as a sentence for the end of the release.

OTP:      a logger handler
Way:      otp.stdlib.reports → logger → [last_words] → ctl.parent
"""

from __future__ import annotations

import logging
from typing import Any

from otp.release.reasons import explain


class LastWords(logging.Handler):
    """Keeps why the supervisor of the workers gave up, for the release's own last line."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.why = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Look for the report that worker_sup makes of its end."""
        report: dict[str, Any] = getattr(record, "report", {})
        if report.get("label") == ("supervisor", "shutdown") and report.get("supervisor") == "worker_sup":
            reason = report["reason"]
            last = reason[1] if isinstance(reason, tuple) and len(reason) == 2 else reason
            self.why = f"{report['offender']['id']} {_end_of(last)}"


def _end_of(reason: object) -> str:
    """Give the end of a worker in words."""
    match reason:
        case ("signal", str(name), *_):
            return f"was killed by {name}"
        case ("exit_status", int(number), tuple() as lines):
            return f"ended with status {number}" + (f": {lines[-1]}" if lines else "")
    return explain(reason)
