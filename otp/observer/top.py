"""top — the busiest processes, by mailbox, messages per second or memory; none of them is asked.

OTP:      etop.erl; observer's processes tab
Way:      erts' table of processes → [top] → backend
Process:  none; reads what erts keeps

    before = top.counts()
    await process.sleep(1.0)
    for row in top.rows(before, 1.0, by="rate", limit=10): …
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from heapq import nlargest
from typing import Any, Final, Literal

from otp.erts.actor import PROCESSES
from otp.erts.pid import Pid
from otp.erts.process import process_info
from otp.stdlib.children import FAMILIES

By = Literal["mailbox", "rate", "memory", "reductions"]
ORDERS: Final[tuple[By, ...]] = ("mailbox", "rate", "memory", "reductions")
_SEEN: Final = ("registered_name", "label", "status", "message_queue_len", "reductions")


@dataclass(frozen=True, slots=True)
class Row:
    """One process. `rate`: messages handled per second since the counts; `memory`: bytes of its own (process_info)
    and, of a behaviour, of its state's own object; `status` as process_info has it.
    """

    pid: str
    name: str | None
    label: str
    status: str
    mailbox: int
    rate: float
    memory: int
    reductions: int

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON takes it."""
        return asdict(self)


def counts() -> dict[Pid, int]:
    """How many messages each process has handled until now."""
    return {pid: pid.target.reductions for pid in list(PROCESSES) if pid.target is not None}


def rows(before: dict[Pid, int], seconds: float, by: By = "rate", limit: int = 20) -> list[Row]:
    """The first `limit` processes in that order, `seconds` after counts() gave `before`."""
    now = counts()
    keys = {
        "mailbox": lambda pid: (_mailbox(pid), now[pid] - before.get(pid, 0), now[pid]),
        "rate": lambda pid: (now[pid] - before.get(pid, 0), _mailbox(pid), now[pid]),
        "memory": lambda pid: (memory(pid), now[pid]),
        "reductions": lambda pid: (now[pid], _mailbox(pid)),
    }
    chosen = nlargest(limit, now, key=keys[by])
    return [row for pid in chosen if (row := _row(pid, (now[pid] - before.get(pid, 0)) / max(seconds, 1e-6)))]


def _row(pid: Pid, rate: float) -> Row | None:
    if pid.target is None:
        return None
    info, family = process_info(pid, _SEEN), FAMILIES.get(pid)
    return Row(
        pid=str(pid),
        name=info["registered_name"],
        label=family.module.__qualname__ if family is not None else info["label"],
        status=info["status"],
        mailbox=info["message_queue_len"],
        rate=round(rate, 1),
        memory=memory(pid),
        reductions=info["reductions"],
    )


def _mailbox(pid: Pid) -> int:
    return len(pid.target._queue or ()) if pid.target is not None else 0


def memory(pid: Pid) -> int:
    """Bytes of a process's own and of its state's own object; 0 for a dead one."""
    if pid.target is None:
        return 0
    state = getattr(pid.target, "state", None)
    own: int = process_info(pid, "memory")
    return own + (sys.getsizeof(state) if state is not None else 0)
