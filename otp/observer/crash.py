"""crash — breaks a process of this node on purpose.

OTP:      exit/2, and what chaos monkeys do
Way:      commands → rpc → [crash] on the node → erts
Process:  the victim's: it fails in its own turn, on its own stack

    kill    an exit signal that cannot be trapped          exit   it ends by itself with reason "normal"
    raise   its next callback raises an exception          hang   its next callback waits, its mailbox fills
    flood   so many messages at once that it cannot know   block  its next callback holds up the whole loop

What holds the whole node is refused: the top supervisor of an application, the root process, and what of the kernel has
no supervisor. The program's plugin may refuse more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from otp.erts import exits, process
from otp.erts.function_process import FunctionProcess
from otp.erts.pid import Pid
from otp.kernel import rpc
from otp.observer import pids, plugin
from otp.stdlib import crash_report
from otp.stdlib.children import FAMILIES

WAYS: Final = ("kill", "raise", "exit", "hang", "block", "flood")
#: most messages of a flood, longest hang in seconds
MOST, LONGEST = 1_000_000, 600.0
#: whose processes hold the node, if they have no supervisor
_HOLDERS: Final = ("otp.kernel.", "otp.release.", "otp.erts.runtime.")

Answer = dict[str, Any]


class OnPurpose(Exception):
    """Raised in a process because an operator wanted to see what happens then."""


@dataclass(frozen=True, slots=True)
class Flood:
    """One of very many."""

    number: int


class _Poke:
    """Wakes the victim, so that its next callback comes now."""


@rpc.exported
def find(target: str) -> Answer | None:
    """The process that is meant, if it is of this node, and its supervisor."""
    found = pids.find(target)
    if not found:
        return None
    above = supervisor_of(found[0])
    return {"pid": str(found[0]), "who": pids.name_of(found[0]), "supervisor": str(above) if above else None}


@rpc.exported
def do(pid_text: str, how: str, seconds: float, count: int) -> Answer:
    """Break it: {"done": …} or {"error": …}."""
    pid = pids.pid_of(pid_text)
    if pid is None or pid.target is None:
        return {"error": f"{pid_text} has ended already"}
    refused = refusal(pid)
    if refused:
        return {"error": refused}
    if isinstance(pid.target, FunctionProcess) and how not in ("kill", "flood"):
        return {"error": f"{pid_text} runs a plain function and has no callbacks: kill or flood it"}
    break_(pid, how, min(seconds, LONGEST), min(count, MOST))
    return {"done": how}


def break_(pid: Pid, how: str, seconds: float, count: int) -> None:
    """See the head of this file."""
    if how == "kill":
        process.exit_(pid, exits.KILL)
        return
    if how == "flood":
        process.spawn(_flood, pid, count)
        return
    endings: dict[str, Callable[[], Any]] = {
        "raise": _raise,
        "exit": _exit,
        "hang": lambda: process.sleep(seconds),
        "block": lambda: time.sleep(seconds),
    }
    _instead(pid.target, endings[how])
    process.send(pid, _Poke())


def _instead(victim: Any, act: Callable[[], Any]) -> None:
    """Run `act`, once, in place of the callback that would get _Poke."""
    swapped = victim.__dict__.get("handle")
    usual = victim.handle

    def handle(message: Any) -> Coroutine[Any, Any, Any] | None:
        if type(message) is not _Poke:
            found: Coroutine[Any, Any, Any] | None = usual(message)
            return found
        victim.__dict__.pop("handle", None)
        if swapped is not None:
            victim.handle = swapped
        result: Coroutine[Any, Any, Any] | None = act()
        return result

    victim.handle = handle


def _raise() -> None:
    raise OnPurpose("an operator said: raise")


def _exit() -> None:
    raise exits.ProcessExit(exits.NORMAL)


def _flood(pid: Pid, count: int) -> None:
    for number in range(count):
        process.send(pid, Flood(number))


def supervisor_of(pid: Pid) -> Pid | None:
    """The supervisor in whose family a process is, by the side tables."""
    for supervisor, family in FAMILIES.items():
        if pid in family.by_pid or pid in family.children:
            return supervisor
    return None


def refusal(pid: Pid) -> str:
    """Why a process of this node may not be broken; "" if it may."""
    kept = plugin.installed().refusal(pid) or _keystone(pid)
    return f"refused: {kept}" if kept else ""


def _keystone(pid: Pid) -> str:
    """Why the whole node would end with a process of it; "" if that is one whose end a supervisor can deal with."""
    if supervisor_of(pid) is not None or pid.target is None:
        return ""
    if pid in FAMILIES:
        return f"{pids.name_of(pid)} is the top supervisor of its application: the node would end with it"
    begun = crash_report.initial_call(pid.target)
    if begun.startswith(_HOLDERS):
        return f"{pids.name_of(pid)} ({begun}) holds an application or the node: the node would end with it"
    return ""
