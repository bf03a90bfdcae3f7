"""crash — breaks a process of the live server on purpose, and shows what its supervisor made of it.

OTP:      exit/2, and what chaos monkeys do
Way:      `crash` → node.control → [crash] on main → rpc → [crash] on the node → erts
Process:  the victim's: what is to happen happens in its own turn, with its own stack

    kill    an exit signal that cannot be trapped          exit   it ends by itself with reason "normal"
    raise   its next callback raises an exception          hang   its next callback waits, its mailbox fills
    flood   so many messages at once that it cannot know   block  its next callback holds up the whole loop

Refused unless the node's profile is "development" ([node] profile, or start --dev), and of what holds the whole node:
the top supervisor of an application, and what of the kernel has no supervisor.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from otp.erts import exits, process
from otp.erts.function_process import FunctionProcess
from otp.erts.pid import Pid
from otp.kernel import application, rpc
from otp.stdlib import crash_report
from otp.stdlib.children import FAMILIES
from xmppd.commands import EXIT_FAILED, EXIT_PERMISSION, EXIT_USAGE, CommandError
from xmppd.config.kinds import suggest
from xmppd.ctl.introspection import here as trees_here
from xmppd.ctl.look import nodes, pids
from xmppd.node.parent_state import APP, state

WAYS: Final = ("kill", "raise", "exit", "hang", "block", "flood")
#: most messages of a flood, longest hang in seconds
MOST, LONGEST = 1_000_000, 600.0
#: seconds that supervisors get to do their work before the tree is shown
SETTLE: Final = 0.4

Answer = dict[str, Any]


class OnPurpose(Exception):
    """Raised in a process because an operator wanted to see what happens then."""


@dataclass(frozen=True, slots=True)
class Flood:
    """One of very many."""

    number: int


class _Poke:
    """Wakes the victim, so that its next callback comes now."""


# -- the parent's half


async def crash(target: str, how: str, seconds: float, count: int, node: str | None) -> dict[str, Any]:
    """Break a process and give the tree around it afterwards. Raises CommandError if that is refused."""
    if how not in WAYS:
        raise CommandError(f"no way {how!r}{suggest(how, WAYS)}; there are {', '.join(WAYS)}", EXIT_USAGE)
    allow(state().config.node.profile)
    asked = nodes.names(node or pids.node_of(target))
    answers = await nodes.each(f"{__name__}:find", target, only=asked)
    found = {name: answer for name, answer in answers.items() if answer}
    if not found:
        raise CommandError(f"there is no process {target}")
    if len(found) > 1 and node is None:
        raise CommandError(f"{target} is on {', '.join(found)}: say which with --node", EXIT_USAGE)
    where, victim = next(iter(found.items()))
    around_ = (where, f"{__name__}:around", victim["supervisor"])
    before = await nodes.one(*around_) if how == "block" else None  # afterwards it cannot answer
    answer = await nodes.one(where, f"{__name__}:do", victim["pid"], how, float(seconds), int(count))
    if answer is not None and "error" in answer:
        raise CommandError(answer["error"], EXIT_FAILED)
    if answer is None and how != "block":
        raise CommandError(f"{where} did not answer", EXIT_FAILED)
    await process.sleep(SETTLE)
    after = before if how == "block" else await nodes.one(*around_)
    return {"node": where, "how": how, **victim, "tree": {where: after or []}}


def allow(profile: str) -> None:
    """Raise CommandError unless this is a node to break things on."""
    if profile != "development":
        text = 'refused: this is a production node; see [node] profile = "development", or start --dev'
        raise CommandError(text, EXIT_PERMISSION)


# -- the node's half


@rpc.exported
def find(target: str) -> Answer | None:
    """The process that is meant, if it is of this node, and its supervisor."""
    found = pids.here(target)
    if not found:
        return None
    above = supervisor_of(found[0])
    return {"pid": str(found[0]), "who": pids.spoken(found[0]), "supervisor": str(above) if above else None}


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


@rpc.exported
def around(supervisor: str | None) -> list[dict[str, Any]]:
    """The tree under a supervisor; the whole of this node if it is gone too, or there was none."""
    return (trees_here(supervisor) if supervisor else []) or trees_here()


def break_(pid: Pid, how: str, seconds: float, count: int) -> None:
    """See the head of this file."""
    if how == "kill":
        process.exit_(pid, exits.KILL)
        return
    if how == "flood":
        process.spawn(_flood, pid, count)
        return
    last_words: dict[str, Callable[[], Any]] = {
        "raise": _raise,
        "exit": _exit,
        "hang": lambda: process.sleep(seconds),
        "block": lambda: time.sleep(seconds),
    }
    _instead(pid.target, last_words[how])
    process.send(pid, _Poke())


def _instead(victim: Any, act: Callable[[], Any]) -> None:
    """Have `act` run in place of the callback that would get _Poke; once."""
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
    try:
        allow(_profile())
    except CommandError as refused:
        return str(refused)
    kept = _keystone(pid)
    return f"refused: {kept}" if kept else ""


def _keystone(pid: Pid) -> str:
    """Why the whole node would end with a process of it; "" if that is one whose end a supervisor can deal with."""
    if supervisor_of(pid) is not None or pid.target is None:
        return ""
    if pid in FAMILIES:
        return f"{pids.spoken(pid)} is the top supervisor of its application: the node would end with it"
    begun = crash_report.initial_call(pid.target)
    if begun.startswith(("otp.kernel.", "otp.release.")):
        return f"{pids.spoken(pid)} ({begun}) holds an application or the node: the node would end with it"
    return ""


def _profile() -> str:
    parent = application.get_env(APP, "parent")
    config = parent.config if parent is not None else application.get_env("xmppd", "config")
    return config.node.profile if config is not None else "production"
