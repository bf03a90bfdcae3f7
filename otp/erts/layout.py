"""layout — keeps the attributes of all processes in one shared order, so that no process needs a dict of its own.

OTP:      the PCB (struct process) of erts: one block, with room for what every process has
Process:  none; runs when a class of processes is made

CPython keeps the attributes of an object in a bare array as long as its class knows their names from earlier objects;
a name that comes later, when there are many of them, turns the array into a dict, which is four times as large.
So each class is told the usual names before its first process.
"""

from __future__ import annotations

from typing import Final

# 30 names are all that CPython shares; with one more, every process of the class has a dict and is a quarter slower
_USUAL: Final = (
    "pid", "group_leader", "parent", "label", "links", "monitors", "watchers", "timers", "reductions", "busy",
    "trapping", "context", "_queue", "_queued", "_executing", "_coro", "_task", "_receive", "_doomed", "_timer",
)  # fmt: skip
_OF_A_BEHAVIOUR: Final = ("module", "state", "state_name", "started", "started_at", "obeys", "_ended")


def share(cls: type) -> None:
    """Have the processes of this class share the places of the usual attributes."""
    first: object = object.__new__(cls)
    for name in (*_USUAL, *(_OF_A_BEHAVIOUR if hasattr(cls, "obeys") else ())):
        if not isinstance(getattr(cls, name, None), property):
            setattr(first, name, None)
