"""hot — one module of a running node reloaded under its processes: suspend, load, code_change, resume.

OTP:      what release_handler does for {update, Module, {advanced, Extra}}; cf. `l(Module)` of a shell
Way:      a shell, admin.upgrade → [hot] → upgrade, introspect, code, graft
Differs:  no process is killed: those that still run the version before are counted. A process that does not come to a
          pause in time goes on with the new version without code_change, unless its module has one of its own: then
          nothing is changed. Supervisors keep the flags and specs they have
Process:  runs in the caller's

    report = await hot.reload("shop.till")            # Reloaded(changed=…, running=…), or LoadError: nothing changed
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from otp.erts.exits import CallError
from otp.erts.pid import Pid
from otp.kernel import code
from otp.kernel.code import LoadError
from otp.release import graft, upgrade
from otp.stdlib import introspect
from otp.stdlib.children import FAMILIES

#: seconds that all processes together have to come to a pause, and that each has after that
PATIENCE: Final = 3.0
_LEAST: Final = 0.01


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What was done: processes and supervisors that have the new callback class, and processes that still are in a
    loop of the version before. `failed`: why processes kept their state, since their code_change raised."""

    changed: int
    supervisors: int
    running: int
    failed: tuple[str, ...] = ()


async def reload(
    name: str, *, apart: Sequence[str] = (), accept: Callable[[], None] | None = None, patience: float = PATIENCE
) -> Reloaded:
    """Reload a module under its processes; all of them live on.

    `apart`: classes whose values the caller makes again, so that their fields may change. `accept` is called with the
    new version in place; if it raises, the old one comes back. Raises: LoadError, and nothing is changed.
    """
    if name not in sys.modules:
        raise LoadError(name, "nofile", "it is not loaded")
    pids = upgrade.processes_of(name)
    asked: list[Pid] = []
    try:
        paused = await _pause(name, pids, asked, patience)
        _load(name, frozenset(apart), accept)
        changed, failed = await _change(pids, paused)
        supervisors = _change_supervisors(name)
    finally:
        for pid in asked:
            await _resume(pid)
    running = len(code.users(name))
    code.soft_purge(name)
    return Reloaded(changed, supervisors, running, tuple(failed))


def file_of(name: str) -> str:
    """The file of a loaded module, or its name."""
    return str(code.is_loaded(name) or name)


# -- internals


async def _pause(name: str, pids: Sequence[Pid], asked: list[Pid], patience: float) -> set[Pid]:
    deadline, paused = time.monotonic() + patience, set[Pid]()
    for pid in pids:
        asked.append(pid)
        try:
            await introspect.suspend(pid, max(_LEAST, deadline - time.monotonic()))
        except CallError:
            if pid.target is not None and _changes_state(pid):
                raise LoadError(name, "busy", f"{pid} does not come to a pause") from None
        else:
            paused.add(pid)
    return paused


def _changes_state(pid: Pid) -> bool:
    """Whether its module has a code_change of its own."""
    cls = type(pid.target.module)
    return any("code_change" in vars(base) and base.__module__ == cls.__module__ for base in cls.__mro__)


def _load(name: str, apart: frozenset[str], accept: Callable[[], None] | None) -> None:
    module = sys.modules[name]
    before = dict(vars(module))

    def check(after: dict[str, Any]) -> None:
        classes = [cls for cls in before.values() if isinstance(cls, type) and cls.__module__ == name]
        own = any("code_change" in vars(cls) for cls in classes)
        others = frozenset(graft.strangers(name, before, after))
        if others - apart and not own:
            odd = ", ".join(sorted(others - apart))
            raise LoadError(name, "incompatible", f"{odd}: other fields than the values that live have")
        if accept is not None:
            accept()
        graft.join(name, before, after, others)

    with contextlib.suppress(OSError):  # a file edited twice in one second would be taken for the one that is cached
        Path(getattr(module, "__cached__", None) or "-").unlink()
    try:
        code.load_file(name, accept=check, spare=True)
    except LoadError:
        graft.register_again(before, {})
        raise


async def _change(pids: Sequence[Pid], paused: set[Pid]) -> tuple[int, list[str]]:
    changed, failed = 0, list[str]()
    for pid in pids:
        if pid.target is None:
            continue
        cls = upgrade.newest(type(pid.target.module))
        try:
            if pid in paused:
                await introspect.change_code(pid, cls())
            else:
                pid.target.module, pid.target.label = cls(), cls
        except CallError:  # it has ended meanwhile
            continue
        except RuntimeError as error:
            failed.append(f"{pid}: {error}")
            continue
        changed += 1
    return changed, failed


def _change_supervisors(name: str) -> int:
    found = upgrade.supervisors_of(name)
    for pid in found:
        FAMILIES[pid].module = upgrade.newest(FAMILIES[pid].module)
    return len(found)


async def _resume(pid: Pid) -> None:
    # one that was not paused in time gets both requests, in this order
    with contextlib.suppress(CallError):
        await introspect.resume(pid, _LEAST if pid.target is None else 1.0)
