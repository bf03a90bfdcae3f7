"""backend — what a node reports of itself: system, load, tables, trees, the busiest processes, one process.

OTP:      observer_backend
Way:      commands → rpc → [backend] on each node; it reads erts' tables; only info asks a process, for its state
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
from otp.observer import crash, pids, plugin, procinfo, top
from otp.observer.top import By
from otp.observer.tree import as_dict, tree
from otp.stdlib import ets
from otp.stdlib.children import FAMILIES
from otp.stdlib.term_format import HIDDEN, format_term, is_secret

#: rows of a table that are shown
ROWS: Final = 200


@rpc.exported
def trees(under: str | None = None, limit: int = 20, first: int = 0) -> list[dict[str, Any]]:
    """The trees of this node, or the one under a supervisor (name or pid); [] if that is not here.

    `limit` children of each supervisor are shown, of `under` those from `first` on.
    """
    if under is None:
        return [as_dict(root) for root in tree(limit=limit)]
    root = pids.pid_of(under) or process.whereis(under)
    return [as_dict(one) for one in tree(root, limit, first)] if root is not None else []


@rpc.exported
async def busiest(by: By, limit: int, seconds: float) -> dict[str, Any]:
    """The busiest processes of this node, measured over so many seconds."""
    before, runs, cpu = top.counts(), THIS.runs, _cpu()
    await process.sleep(seconds)
    rows = top.rows(before, seconds, by, limit)
    return {
        "rows": [row.as_dict() | {"who": _who(row.pid)} for row in rows],
        "processes": len(process.processes()),
        "runs": round((THIS.runs - runs) / seconds, 1),
        "cpu": round((_cpu() - cpu) / seconds * 100, 1),
    }


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
    found = pids.find(who)
    told = await procinfo.of(found[0], pids.name_of, plugin.installed().special) if found else None
    return {**told, "kept": crash.refusal(found[0])} if told is not None else None


def _who(pid: str) -> str:
    found = pids.pid_of(pid)
    return pids.name_of(found) if found is not None else pid


def _cpu() -> float:
    spent = os.times()
    return spent.user + spent.system


def _value(key: object, value: object) -> str:
    return HIDDEN if isinstance(key, str) and is_secret(key) else format_term(value)


def _table(table: ets.Table[Any, Any]) -> dict[str, Any]:
    owner = table.owner
    return {
        "name": table.name,
        "type": table.type,
        "rows": len(table),
        "owner": f"{owner} {pids.name_of(owner)}" if owner is not None else "",
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
