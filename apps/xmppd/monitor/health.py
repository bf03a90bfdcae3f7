"""health — whether this worker can do its work, and why not.

OTP:      cf. the health checks of RabbitMQ (rabbit_health_check)
Way:      net.listener_sup, store, routing.sm → [health] → monitor.endpoints, admin.parent_commands (status)
Process:  runs in the caller
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from typing import Any, Final

from otp.erts import process
from otp.kernel import application, rpc
from xmppd.config.schema import Config
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.store.disk_room import PART, RESERVE

#: seconds the store has to answer
PATIENCE: Final = 1.0


def config() -> Config | None:
    """The configuration in force; None where none was set."""
    found: Config | None = application.get_env("xmppd", "config")
    return found


async def reasons() -> dict[str, str]:
    """Why this worker is not ready, by the part that is not: listeners, store, disk, sessions. Empty: it is ready."""
    found: dict[str, str] = {}
    for part, check in CHECKS.items():
        why = check()
        text = why if isinstance(why, str) else await why
        if text:
            found[part] = text
    return found


def _listeners() -> str:
    """Which listeners do not take connections: while the server stops, none does."""
    current = config()
    names = [listen.name for listen in current.listen] if current is not None else []
    shut = [name for name in names if process.whereis(f"acceptor:{name}") is None]
    return f"no connections are taken at {', '.join(shut)}" if shut else ""


async def _store() -> str:
    """What it can do now: a read, or a write if something was wrong lately."""
    try:
        async with asyncio.timeout(PATIENCE):
            why = await store.probe()
    except TimeoutError:
        return f"the store has not answered in {PATIENCE:g} s"
    return f"the store cannot be used: {why}" if why else ""


def _disk() -> str:
    """Whether new rows are refused for want of room (store.disk_room)."""
    current = config()
    if current is None or current.store.backend != "sqlite":
        return ""
    try:
        disk = shutil.disk_usage(current.store_path.parent)
    except OSError as error:
        return f"{current.store_path.parent}: {error.strerror}"
    needed = min(RESERVE, disk.total // PART)
    return f"the disk is full: {disk.free // 1024} KiB are free" if disk.free < needed else ""


def _sessions() -> str:
    return "" if sm.is_ready() else "the table of sessions is not whole yet"


CHECKS: Final[dict[str, Callable[[], str | Awaitable[str]]]] = {
    "listeners": _listeners,
    "store": _store,
    "disk": _disk,
    "sessions": _sessions,
}


@rpc.exported
async def told() -> dict[str, Any]:
    """{"ok": why this worker is not ready, by part}, for the parent."""
    return {"ok": await reasons()}
