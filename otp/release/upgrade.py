"""upgrade — carries out the instructions that take running code from one version to another.

OTP:      release_handler_1.erl (eval_script)
Way:      release_handler → [upgrade] → code, introspect, supervisor, application_controller
Differs:  processes are found in erts' tables, by the module of their callback class: no supervisor is asked for its
          children, so none that is busy can hold an upgrade up. What was suspended is resumed even if a step fails
Process:  runs in the caller's
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Sequence
from typing import Any

from otp.erts.actor import PROCESSES
from otp.erts.exits import CallError
from otp.erts.pid import Pid
from otp.erts.process import self_
from otp.kernel import application_controller as controller
from otp.kernel import code
from otp.release.appup import Instruction, translate
from otp.stdlib import introspect, supervisor
from otp.stdlib.children import FAMILIES


class UpgradeError(Exception):
    """An upgrade that did not come to its end: the instruction that failed, and why."""

    def __init__(self, instruction: Instruction, why: object) -> None:
        super().__init__(f"{instruction!r}: {why}")
        self.instruction, self.why = instruction, why


async def perform(instructions: Sequence[Instruction], old_vsn: str = "") -> bool:
    """Carry out instructions, high- or low-level; True if the node has to be restarted for what they changed.

    Modules of which nobody runs old code any more are purged softly at the end. Raises: UpgradeError, AppupError.
    """
    suspended: list[Pid] = []
    restart, loaded = False, []
    try:
        for instruction in translate(instructions):
            op, *args = instruction
            try:
                if op == "restart_emulator":
                    restart = True
                else:
                    await _STEPS[op](suspended, old_vsn, *args)
            except Exception as exc:
                raise UpgradeError(instruction, exc) from exc
            if op in ("load", "remove"):
                loaded.append(args[0])
    finally:
        for pid in suspended:
            await _resume(pid)
    for module in loaded:
        code.soft_purge(module)
    return restart


def processes_of(module: str) -> list[Pid]:
    """The behaviours of this node whose callback class is of the module."""
    found = []
    for pid in PROCESSES:
        callbacks = getattr(pid.target, "module", None)
        if type(callbacks).__module__ == module and pid is not self_():
            found.append(pid)
    return found


def supervisors_of(module: str) -> list[Pid]:
    """The supervisors whose callback class is of the module."""
    return [pid for pid, family in FAMILIES.items() if family.module.__module__ == module]


# -- the steps


async def _suspend(suspended: list[Pid], _vsn: str, module: str) -> None:
    for pid in processes_of(module):
        await introspect.suspend(pid)
        suspended.append(pid)


async def _load(_suspended: list[Pid], _vsn: str, module: str) -> None:
    code.load_file(module)


async def _code_change(suspended: list[Pid], vsn: str, module: str, extra: object) -> None:
    for pid in processes_of(module):
        if pid not in suspended:  # it has begun meanwhile, with the new version
            continue
        await introspect.change_code(pid, newest(type(pid.target.module))(), vsn, extra)


async def _supervisor_change(_suspended: list[Pid], _vsn: str, module: str) -> None:
    for pid in supervisors_of(module):
        await supervisor.change_code(pid, newest(FAMILIES[pid].module))


async def _resume_all(suspended: list[Pid], _vsn: str, module: str) -> None:
    for pid in processes_of(module):
        if pid in suspended:
            suspended.remove(pid)
            # without a code_change, too, it goes on with the new version
            if type(pid.target.module) is not newest(type(pid.target.module)):
                pid.target.module = newest(type(pid.target.module))()
            await introspect.resume(pid)


async def _remove(_suspended: list[Pid], _vsn: str, module: str) -> None:
    code.purge(module)
    code.delete(module)


async def _stop_application(_suspended: list[Pid], _vsn: str, app: str) -> None:
    await controller.stop(app)


async def _start_application(_suspended: list[Pid], _vsn: str, app: str) -> None:
    await controller.ensure_all_started(app)


async def _apply(_suspended: list[Pid], _vsn: str, fn: str, args: Sequence[Any]) -> None:
    module, _, name = fn.partition(":")
    result = getattr(importlib.import_module(module), name)(*args)
    if inspect.isawaitable(result):
        await result


async def _resume(pid: Pid) -> None:
    try:
        await introspect.resume(pid)
    except CallError:  # it has ended meanwhile
        return


def newest(cls: type) -> Any:
    """The class as it stands in its module now."""
    found: Any = sys.modules[cls.__module__]
    for name in cls.__qualname__.split("."):
        found = getattr(found, name)
    return found


_STEPS: dict[str, Any] = {
    "suspend": _suspend,
    "load": _load,
    "code_change": _code_change,
    "supervisor_change": _supervisor_change,
    "resume": _resume_all,
    "remove": _remove,
    "stop_application": _stop_application,
    "start_application": _start_application,
    "apply": _apply,
}
