"""reports — the log records of a supervisor: a child has started, died, or does not stop.

OTP:      the supervisor reports and progress reports of supervisor.erl, as logger events
Differs:  a line of text for people; the same as values in the record's `report` (logging's `extra`) for machines
Way:      supervisor → [reports] → logger "otp.supervisor" → whatever handlers the release installs

    supervisor xmppd_sup: child sm <main.1.42> child_terminated: killed
    supervisor xmppd_sup: child sm reached_max_restart_intensity: killed
"""

import logging
from typing import Any, Literal

from otp.erts.exits import Crash, brief
from otp.erts.pid import Pid
from otp.stdlib.child_spec import ChildSpec

log = logging.getLogger("otp.supervisor")

Context = Literal["start_error", "child_terminated", "shutdown", "shutdown_error"]


def offender(spec: ChildSpec, pid: Pid | None) -> dict[str, Any]:
    """Who it is about: id, pid, start function, restart type, shutdown, type, as the report names them."""
    return {
        "id": spec.id,
        "pid": pid,
        "start": f"{spec.call.fn.__module__}.{getattr(spec.call.fn, '__qualname__', spec.call.fn)}",
        "restart_type": spec.restart.value,
        "shutdown": spec.shutdown,
        "child_type": spec.type,
    }


def error(supervisor: str, context: Context, reason: object, spec: ChildSpec, pid: Pid | None) -> None:
    """A supervisor report: a child did not start, ended, ended too often ("shutdown"), or did not stop as told."""
    report = {
        "label": ("supervisor", context),
        "supervisor": supervisor,
        "reason": reason,
        "offender": offender(spec, pid),
    }
    log.error(
        "supervisor %s: child %s%s %s: %s",
        *(supervisor, spec.id, f" {pid}" if pid else "", context, _told(reason)),
        extra={"report": report},
    )


def progress(supervisor: str, spec: ChildSpec, pid: Pid | None) -> None:
    """A progress report, at level INFO: a child has started."""
    if log.isEnabledFor(logging.INFO):
        report = {
            "label": ("supervisor", "progress"),
            "supervisor": supervisor,
            "started": offender(spec, pid),
        }
        log.info("supervisor %s: child %s %s started", supervisor, spec.id, pid, extra={"report": report})


def _told(reason: object) -> str:
    if isinstance(reason, Crash):
        return reason.traceback or str(reason)
    return repr(reason) if isinstance(reason, str) else brief(reason)
