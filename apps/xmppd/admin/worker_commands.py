"""worker_commands — the worker's end of commands: what the parent may call on this node.

OTP:      rpc
Way:      admin.dispatch → rpc → [worker_commands] → admin.users, admin.sessions, admin.rosters, ctl.introspection
"""

from __future__ import annotations

import os
import resource
from typing import Any

from otp.erts import process
from otp.kernel import rpc
from xmppd import audit
from xmppd.admin import evaluate, start_notes
from xmppd.admin.dispatch import call
from xmppd.app import XmppdApp
from xmppd.commands import CommandError, registry
from xmppd.routing.sm import sm


@rpc.exported
async def run(key: str, params: dict[str, Any]) -> dict[str, Any]:
    """Carry out a command of the registry: {"ok": result}, or {"error", "status"}."""
    try:
        return {"ok": await call(registry()[key].fn, params)}
    except CommandError as error:
        return {"error": str(error), "status": error.status}


@rpc.exported
async def shell(session: str, source: str) -> dict[str, Any]:
    """Evaluate what was typed at the shell."""
    return {"ok": await evaluate.evaluate(session, source)}


@rpc.exported
def interrupt(session: str) -> dict[str, Any]:
    """End what a session of the shell waits for."""
    evaluate.interrupt(session)
    return {"ok": None}


@rpc.exported
def vital() -> dict[str, Any]:
    """Give this worker's vital signs, and how often people did what since it began."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "pid": os.getpid(),
        "memory_mb": round(_resident() / 1e6, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "processes": len(process.processes()),
        "deeds": dict(audit.COUNTS),
    }


@rpc.exported
async def sessions() -> dict[str, Any]:
    """Give how many sessions there are, on all workers."""
    return {"ok": len(sm.all_sessions())}


@rpc.exported
async def notes() -> dict[str, Any]:
    """Give what the one who started the server should know, in sentences."""
    return {"ok": await start_notes.notes()}


@rpc.exported
async def drain() -> None:
    """Close the listeners and let the clients leave, before this node is told to stop."""
    await XmppdApp().prep_stop(None)


def _resident() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
