"""layout — where the attributes of processes lie: in one shared order, so that none of them needs a dict of its own.

OTP:      the PCB (struct process) of erts: one block, with room for what every process has
Process:  none; runs when a class of processes is made

CPython keeps the attributes of an object in a bare array as long as its class knows their names from earlier objects;
a name that comes later, when there are many of them, turns the array into a dict, which is four times as large.
So each class is told the usual names before its first process.
"""

from __future__ import annotations

from typing import Final

_USUAL: Final = (
    "pid", "group_leader", "parent", "label", "module", "state", "state_name", "started", "started_at", "links",
    "monitors", "watchers", "timers", "reductions", "busy", "trapping", "obeys", "context", "_queue", "_queued",
    "_executing", "_coro", "_task", "_receive", "_ended", "_doomed", "_timer",
)  # fmt: skip


def share(cls: type) -> None:
    """Have the processes of this class share the places of the usual attributes."""
    first: object = object.__new__(cls)
    for name in _USUAL:
        if not isinstance(getattr(cls, name, None), property):
            setattr(first, name, None)
