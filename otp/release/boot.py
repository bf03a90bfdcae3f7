"""boot — runs a boot script, waits for the signals of the operating system, and takes the node down in order.

OTP:      init.erl (boot, stop/1, restart/0, reboot/0, get_status/0, get_argument/1, script_id/0)
Way:      main → [boot] → application_controller → applications
Process:  `init`, the root of a node; the application_controller is linked to it
Differs:  SIGTERM and SIGINT stop in order, a second one at once; SIGHUP asks for a reload

    status = boot.run(script, {"xmppd": {"config": config}}, node="w1", creation=3)
    sys.exit(status)                      # 0 after stop(), 1 if it could not boot or a permanent application died
"""

from __future__ import annotations

import inspect
import logging
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from otp.erts import process, runtime
from otp.erts.exits import CallError, ProcessExit
from otp.erts.pid import Pid
from otp.erts.scheduler import THIS
from otp.erts.signals import Exit
from otp.kernel import application, heart, lifeline, logger
from otp.kernel import application_controller as controller
from otp.release.arguments import Arguments, expand, parse
from otp.release.reasons import explain
from otp.release.systools import Load, Progress, Script, Start, Step
from otp.stdlib import gen_server

log = logging.getLogger("otp.boot")

NAME: Final = "init"
#: exit status of a node that wants to be started again (EX_TEMPFAIL)
REBOOT: Final = 75
_RESTART: Final = -1
Status = Literal["down", "starting", "started", "stopping"]
Env = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the caller wants done: `reload` at SIGHUP, `started` when all runs. Each may be async."""

    reload: Callable[[], Any] | None = None
    started: Callable[[], Any] | None = None


@dataclass(frozen=True, slots=True)
class _Stop:
    why: str
    status: int = 0


class _Reload:
    """SIGHUP."""


class _Restart:
    """All down, then all up again, in this OS process."""


class _Here:
    """How far this node is."""

    status: Status = "down"
    mark = ""
    signalled = False
    orphaned = False
    script: Script | None = None
    arguments = Arguments()


# -- API


def run(
    script: Script,
    env: Env | None = None,
    *,
    node: str = "nonode",
    creation: int = 1,
    hooks: Hooks | None = None,
    loop: str = "auto",
    arguments: Sequence[str] = (),
) -> int:
    """Be a node until it is told to stop; the exit status for the operating system.

    `env` overrides the settings of applications. A failure is told in one readable message, on standard error and
    in the log. `arguments`: the node's command line, see get_argument(). Status: 0 stopped in order, 1 failed, 130
    stopped at once by a second signal, REBOOT after reboot().
    """
    _Here.script, _Here.arguments = script, parse(arguments)

    async def main() -> int:
        return await _init(script, env or {}, hooks or Hooks())

    try:
        while True:
            status = int(runtime.run(main, node=node, creation=creation, loop=loop))
            if status != _RESTART:
                return status
            creation += 1
            application.forget_all()
    except ProcessExit:
        _say("stopped at once")
        return 130
    finally:
        _Here.status, _Here.script, _Here.arguments = "down", None, Arguments()


def get_status() -> tuple[Status, str]:
    """How far this node is, and the last mark of the boot script that was passed."""
    return _Here.status, _Here.mark


def stop(why: str = "stop was called", status: int = 0) -> None:
    """Ask for an orderly end of this node (init:stop/1); from any thread. Returns at once."""
    process.send(NAME, _Stop(why, status))


def restart() -> None:
    """Take all down in order and boot again, in the same OS process, under the next creation (init:restart/0)."""
    process.send(NAME, _Restart())


def reboot() -> None:
    """Take all down in order and end with REBOOT: heart, or who else watches this node, starts it again."""
    process.send(NAME, _Stop("reboot", REBOOT))


def script_id() -> tuple[str, str] | None:
    """Name and version of the release that was booted; None outside of a node."""
    return (_Here.script.name, _Here.script.vsn) if _Here.script is not None else None


def get_arguments() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """All flags of the command line, in order, with their values."""
    return _Here.arguments.flags


def get_argument(flag: str) -> list[tuple[str, ...]] | None:
    """The values of a flag, for each time it was given; None if it was not."""
    return _Here.arguments.get(flag)


def get_plain_arguments() -> tuple[str, ...]:
    """The words of the command line that belong to no flag."""
    return _Here.arguments.plain


def is_orphaned() -> bool:
    """Whether the OS process that has started this one is gone: then this node is on its way down, and in a hurry."""
    return _Here.orphaned


def reload() -> None:
    """Ask for what SIGHUP does."""
    process.send(NAME, _Reload())


# -- the process init


async def _init(script: Script, env: Env, hooks: Hooks) -> int:
    _Here.status, _Here.mark, _Here.signalled, _Here.orphaned = "starting", "", False, False
    process.trap_exit(True)
    process.register(NAME, process.self_())
    _watch_signals(process.self_())
    line = lifeline.adopt(_orphan)
    try:
        top = await controller.start_link()
        assert top is not None
        try:
            await _boot(script, env)
            if not _asked_to_stop():
                await _started(script, hooks, line)
        except Exception as exc:
            return await _down(top, _Stop(f"{script.name} {script.vsn} cannot boot: {explain(exc)}", 1), wanted=False)
        return await _serve(top, hooks)
    finally:
        _forget_signals()
        if line is not None:
            line.close()


def _orphan() -> None:
    _Here.orphaned = True
    process.send(NAME, _Stop("the parent is gone"))


async def _boot(script: Script, env: Env) -> None:
    for step in script.steps:
        await _step(step, env)
        if _asked_to_stop():
            return


async def _started(script: Script, hooks: Hooks, line: lifeline.Lifeline | None) -> None:
    _Here.status = "started"
    log.info("%s %s started", script.name, script.vsn)
    await _call(hooks.started)
    runtime.freeze()
    if line is not None:
        line.ready()


async def _step(step: Step, env: Env) -> None:
    match step:
        case Load(spec):
            controller.load(replace(spec, env=expand(spec.env, _Here.arguments.variables())), env.get(spec.name))
        case Start(app, type_):
            await controller.start(app, type_)
        case Progress(mark):
            _Here.mark = mark


def _asked_to_stop() -> bool:
    # a signal during the boot: no further application is started; _serve reads the message
    return _Here.status == "stopping"


async def _serve(top: Pid, hooks: Hooks) -> int:
    while True:
        match await process.receive():
            case _Stop() as stopping:
                return await _down(top, stopping)
            case _Restart():
                await _down(top, _Stop("restart"))
                return _RESTART
            case _Reload():
                logger.reopen()
                log.info("reload")
                process.spawn(_call, hooks.reload)
            case Exit(pid, ("application_terminated", name, reason)) if pid is top:
                _Here.status = "stopping"
                return _failed(f"the permanent application {name} has ended: {explain(reason)}")
            case Exit(pid, reason) if pid is top:
                return _failed(f"the application controller has ended: {explain(reason)}")


async def _down(top: Pid, stopping: _Stop, *, wanted: bool = True) -> int:
    _Here.status = "stopping"
    if wanted and stopping.status != REBOOT and process.whereis(heart.NAME) is not None:
        await heart.shutdown()
    if stopping.status in (0, REBOOT):
        log.info("stopping: %s", stopping.why)
    try:
        await gen_server.stop(top)
    except CallError as exc:
        log.error("the way down was cut short: %s", exc)
    if stopping.status in (0, REBOOT):
        return stopping.status
    return _failed(stopping.why, stopping.status)


def _failed(why: str, status: int = 1) -> int:
    log.critical("%s", why)
    _say(why)
    return status


def _say(why: str) -> None:
    sys.stderr.write(f"{why}\n")
    sys.stderr.flush()


async def _call(fn: Callable[[], Any] | None) -> None:
    result = fn() if fn is not None else None
    if inspect.isawaitable(result):
        await result


# -- signals of the operating system


def _watch_signals(init: Pid) -> None:
    def asked(name: str) -> None:
        if _Here.signalled:
            process.exit_(init, "kill")
            return
        _Here.status, _Here.signalled = "stopping", True
        process.send(init, _Stop(name))

    for number in (signal.SIGTERM, signal.SIGINT):
        THIS.loop.add_signal_handler(number, asked, number.name)
    THIS.loop.add_signal_handler(signal.SIGHUP, process.send, init, _Reload())


def _forget_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        THIS.loop.remove_signal_handler(number)
