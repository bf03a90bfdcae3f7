"""observe — what the observer's tabs show beside trees and processes: the system, its load, its tables.

OTP:      observer_backend
Way:      ctl.observer → node.control → [observe] → rpc → [observe] on each node; side tables only
Process:  none of its own
"""

from __future__ import annotations

import gc
import os
import platform
import resource
import sys
import time
from itertools import islice
from typing import Any, Final

from otp.erts import process
from otp.erts.pid import HERE
from otp.erts.scheduler import THIS
from otp.kernel import node, rpc, stall
from otp.stdlib import detail, ets
from otp.stdlib.children import FAMILIES
from otp.stdlib.term_format import HIDDEN, format_term, is_secret
from xmppd.commands import EXIT_USAGE, CommandError
from xmppd.ctl.look import crash, messages, nodes, pids

#: rows of a table that are shown
ROWS: Final = 200
_WHAT: Final = ("system", "load", "tables", "rows", "info")
_WHICH: Final = {"rows": "rows of which table?", "info": "which process?"}


async def observe(what: str, name: str | None, node: str | None) -> dict[str, Any]:
    """One tab's data, by node; None for one that is down. Raises CommandError for what there is not."""
    if what not in _WHAT:
        raise CommandError(f"{what!r} is none of {', '.join(_WHAT)}", EXIT_USAGE)
    if what in _WHICH and name is None:
        raise CommandError(_WHICH[what], EXIT_USAGE)
    args = (name,) if what in _WHICH else ()
    asked = nodes.names(node or (pids.node_of(name) if what == "info" else None))
    return await nodes.each(f"{__name__}:{what}", *args, only=asked)


@rpc.exported
def system() -> dict[str, Any]:
    """What this node is."""
    return {
        "node": f"{HERE.node} (generation {HERE.creation})",
        "os pid": os.getpid(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "loop": type(THIS.loop).__module__.partition(".")[0],
        "up since": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(started())),
        "processes": len(process.processes()),
        "registered names": len(process.registered()),
        "supervisors": len(FAMILIES),
        "tables": len(ets.all_tables()),
        "connected nodes": ", ".join(node.nodes()) or "none",
        "loop alarms": len(stall.ALARMS),
        "last alarm": _last_alarm(),
        "modules loaded": len(sys.modules),
    }


@rpc.exported
def load() -> dict[str, Any]:
    """Counters that grow; two readings make a rate. Times in seconds, memory in bytes."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "at": time.monotonic(),
        "cpu": usage.ru_utime + usage.ru_stime,
        "runs": THIS.runs,
        "processes": len(process.processes()),
        "run_queue": len(THIS.queue),
        "memory": resident(),
        "collections": sum(generation["collections"] for generation in gc.get_stats()),
        "switches": usage.ru_nvcsw,
    }


@rpc.exported
def tables() -> list[dict[str, Any]]:
    """The ets tables of this node."""
    return [_table(ets.lookup_table(name)) for name in ets.all_tables()]


@rpc.exported
def rows(name: str) -> list[list[str]]:
    """The first rows of a table, as text without secrets; [] if there is no such table here."""
    if name not in ets.all_tables():
        return []
    table = ets.lookup_table(name)
    return [[format_term(key), _value(key, table.get(key))] for key in list(islice(iter(table), ROWS))]


@rpc.exported
async def info(who: str) -> dict[str, Any] | None:
    """All that is known of one process (pid, name or id), its state without secrets; None if it is not here.

    `kept`: why it may not be broken.
    """
    found = pids.here(who)
    told = await detail.of(found[0], pids.spoken, messages.SPECIAL) if found else None
    return {**told, "kept": crash.refusal(found[0])} if told is not None else None


def _value(key: object, value: object) -> str:
    return HIDDEN if isinstance(key, str) and is_secret(key) else format_term(value)


def _table(table: ets.Table[Any, Any]) -> dict[str, Any]:
    owner = table.owner
    return {
        "name": table.name,
        "type": table.type,
        "rows": len(table),
        "owner": f"{owner} {pids.spoken(owner)}" if owner is not None else "",
    }


def _last_alarm() -> str:
    if not stall.ALARMS:
        return "none"
    alarm = stall.ALARMS[-1]
    return f"{alarm.seconds:.1f} s in {alarm.process}, {time.strftime('%H:%M:%S', time.localtime(alarm.at))}"


def started() -> float:
    """When this OS process began (time.time()); now, where the kernel does not tell."""
    try:
        with open("/proc/self/stat", encoding="ascii", errors="replace") as stat:
            ticks = int(stat.read().rpartition(")")[2].split()[19])
        since_boot = ticks / os.sysconf("SC_CLK_TCK")
        return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + since_boot
    except (OSError, AttributeError, ValueError):
        return time.time()


def resident() -> int:
    """Bytes of memory that this OS process holds."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
