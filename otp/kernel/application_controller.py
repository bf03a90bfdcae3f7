"""application_controller — loads, starts and stops the applications of a node.

OTP:      application_controller.erl, and the functions of application.erl that call it
Way:      boot → [application_controller] → application_master → the application's tree
Process:  one per node, started by boot and linked to it; ends with ("application_terminated", name, reason) when a
          permanent application does, and stops all applications in reverse order on its own way down

    await application_controller.ensure_all_started("greeter")
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from otp.erts.exits import KILL, NORMAL, ReceiveTimeout
from otp.erts.pid import Pid
from otp.erts.process import exit_, monotonic_time, processes, receive, self_, send, spawn_link, trap_exit
from otp.erts.signals import Exit
from otp.erts.suggest import meant
from otp.kernel import app_resource, application, application_master
from otp.kernel.app_resource import AppSpec
from otp.kernel.application_master import Started, StopNow
from otp.stdlib import gen_server
from otp.stdlib.gen_server import From, GenServer, NoReply, Reply, Stop, reply

log = logging.getLogger("otp.application")

NAME: Final = "application_controller"
TYPES: Final = ("permanent", "transient", "temporary")


class ApplicationError(Exception):
    """An application was not loaded, started or stopped. `reason` is a tuple whose first word says why."""

    def __init__(self, name: str, reason: Any) -> None:
        super().__init__(f"application {name}: {reason}")
        self.name, self.reason = name, reason


@dataclass(slots=True)
class Running:
    """A started application. A library application has no master."""

    spec: AppSpec
    type_: str
    master: Pid | None


@dataclass(slots=True)
class _State:
    starting: dict[str, tuple[str, Pid, list[From]]] = field(default_factory=dict)
    stopping: dict[str, From] = field(default_factory=dict)


#: what is loaded and what runs, in order of starting: the controller writes, all read
_loaded: Final[dict[str, AppSpec]] = {}
_running: Final[dict[str, Running]] = {}


# -- API


async def start_link() -> Pid | None:
    """Start the controller. Raises: StartError."""
    return await gen_server.start_link(Controller, name=NAME)


def load(app: str | AppSpec, env: Mapping[str, Any] | None = None) -> AppSpec:
    """Make an application known, found on the code path if given by name; `env` overrides its defaults.

    What it includes is loaded too. Loading again changes nothing. Raises: AppResourceError.
    """
    spec = app_resource.find(app) if isinstance(app, str) and app not in _loaded else app
    name = spec if isinstance(spec, str) else spec.name
    if name not in _loaded and isinstance(spec, AppSpec):
        _loaded[name] = spec
        try:
            for included in spec.included_applications:
                load(included)
        except Exception:
            del _loaded[name]
            raise
        application.merge_env(name, spec.env, env or {})
    return _loaded[name]


def unload(name: str) -> None:
    """Forget a loaded application and its settings. Raises: ApplicationError if it runs or is not loaded."""
    if name in _running:
        raise ApplicationError(name, ("running", name))
    if _loaded.pop(name, None) is None:
        raise ApplicationError(name, ("not_loaded", name))
    application.forget_env(name)


async def start(name: str, type_: str = "temporary") -> None:
    """Start a loaded application whose dependencies run; it is loaded if need be.

    Raises: ApplicationError: ("already_started", name), ("not_started", dependency), or what its start failed with;
    AppResourceError.
    """
    if type_ not in TYPES:
        raise ValueError(f"no such restart type: {type_!r}; {meant(type_, TYPES)}")
    load(name)
    failure = await gen_server.call(NAME, ("start", name, type_), timeout=None)
    if failure is not None:
        raise ApplicationError(name, failure)


async def ensure_started(name: str, type_: str = "temporary") -> None:
    """start(), unless it runs already."""
    try:
        await start(name, type_)
    except ApplicationError as exc:
        if exc.reason != ("already_started", name):
            raise


async def ensure_all_started(names: str | Iterable[str], type_: str = "temporary") -> list[str]:
    """Start applications and all they need, dependencies first; what runs already is left alone.

    Returns the names that were started. If one fails, those are stopped again in reverse, and it raises what
    start() raised; ApplicationError ("circular", path).
    """
    started: list[str] = []
    try:
        for name in [names] if isinstance(names, str) else names:
            await _ensure(name, type_, started, [])
    except Exception:
        for name in reversed(started):
            await stop(name)
        raise
    return started


async def stop(name: str) -> None:
    """prep_stop, then the tree, then stop. Raises: ApplicationError ("not_started", name)."""
    failure = await gen_server.call(NAME, ("stop", name), timeout=None)
    if failure is not None:
        raise ApplicationError(name, failure)


def which_applications() -> list[tuple[str, str, str]]:
    """(name, description, vsn) of what runs, in the order it was started."""
    return [(r.spec.name, r.spec.description, r.spec.vsn) for r in _running.values()]


def loaded_applications() -> list[AppSpec]:
    """What is loaded."""
    return list(_loaded.values())


def change_spec(spec: AppSpec) -> None:
    """Put another version of a loaded application in place, as a release handler has installed it; load it else."""
    running = _running.get(spec.name)
    if spec.name not in _loaded:
        load(spec)
        return
    _loaded[spec.name] = spec
    application.replace_env(spec.name, application.reconfigured(spec.name, spec.env))
    if running is not None:
        running.spec = spec


def get_key(name: str, key: str, default: Any = None) -> Any:
    """What the resource of a loaded application says (application:get_key/2)."""
    return getattr(_loaded[name], key, default) if name in _loaded else default


def get_all_key(name: str) -> dict[str, Any] | None:
    """All that the resource of a loaded application says, or None."""
    spec = _loaded.get(name)
    return None if spec is None else {key.name: getattr(spec, key.name) for key in fields(spec)}


def get_application(pid: Pid) -> str | None:
    """The application that a process of this node belongs to, or None."""
    leader = pid.target.group_leader if pid.target is not None else None
    return next((name for name, running in _running.items() if running.master is leader is not None), None)


async def config_change(config: application.Env) -> None:
    """Put another configuration in place: all that is loaded has it, what runs and is touched by it is told.

    An application's failing config_change() is logged, and the others go on.
    """
    application.configure(config)
    for name, spec in list(_loaded.items()):
        changed, new, removed = application.replace_env(name, application.reconfigured(name, spec.env))
        if name in _running and spec.mod is not None and (changed or new or removed):
            await application_master.guarded(application_master.callbacks_of(spec).config_change, changed, new, removed)


async def _ensure(name: str, type_: str, started: list[str], path: list[str]) -> None:
    if name in _running:
        return
    if name in path:
        raise ApplicationError(name, ("circular", (*path, name)))
    spec = load(name)
    for needed in spec.applications:
        await _ensure(needed, type_, started, [*path, name])
    for wanted in spec.optional_applications:
        if wanted in _loaded:
            await _ensure(wanted, type_, started, [*path, name])
    await start(name, type_)
    started.append(name)


# -- callbacks


class Controller(GenServer[_State]):
    """See the head of the file."""

    def init(self) -> _State:
        """Nothing runs."""
        trap_exit(True)
        _running.clear()
        return _State()

    def handle_call(self, request: Any, from_: From, state: _State) -> Any:
        """start and stop; both answer when it is done, so neither holds up the other."""
        match request:
            case ("start", name, type_):
                return _start(name, type_, from_, state)
            case ("stop", name):
                return _stop(name, from_, state)
        return Reply(("unknown_request", repr(request)[:100]), state)

    def handle_info(self, message: Any, state: _State) -> Any:
        """What masters tell, and their end."""
        if isinstance(message, Started):
            type_, master, waiting = state.starting.pop(message.name)
            if message.failure is None:
                _enter(Running(_loaded[message.name], type_, master))
            _answer(waiting, message.failure)
        elif isinstance(message, Exit):
            for running in list(_running.values()):
                if running.master is message.pid:
                    return _ended(running, message.reason, state)
            for name, (_type, master, waiting) in list(state.starting.items()):
                if master is message.pid:
                    del state.starting[name]
                    _answer(waiting, message.reason)
        else:
            return super().handle_info(message, state)
        return NoReply(state)

    async def terminate(self, reason: object, state: _State) -> None:
        """The way down: all applications, last started first; what is still starting is not waited for.

        Settings of kernel: `shutdown_func` ("module:function" or a function) is told the reason before all;
        `shutdown_timeout` (seconds) bounds the whole way, what then still runs is killed.
        """
        await _shutdown_func(reason)
        seconds = application.get_env("kernel", "shutdown_timeout")
        until = None if seconds is None else monotonic_time() + seconds
        for _type, master, waiting in state.starting.values():
            exit_(master, KILL)
            _answer(waiting, ("shutting_down",))
        for running in reversed(list(_running.values())):
            if running.master is not None and running.master.target is not None:
                await _stopped(running.master, until)
            _running.pop(running.spec.name, None)
        _loaded.clear()


# -- internals


def _start(name: str, type_: str, from_: From, state: _State) -> Any:
    spec = _loaded[name]
    if name in _running:
        return Reply(("already_started", name), state)
    if name in state.starting:  # both hear how it went
        state.starting[name][2].append(from_)
        return NoReply(state)
    missing = [needed for needed in spec.applications if needed not in _running]
    if missing:
        return Reply(("not_started", missing[0]), state)
    if spec.mod is None:
        _enter(Running(spec, type_, None))
        return Reply(None, state)
    included = [_loaded[other] for other in _included(spec)]
    master = spawn_link(application_master.run, self_(), spec, included, trap=True)
    state.starting[name] = (type_, master, [from_])
    return NoReply(state)


def _stop(name: str, from_: From, state: _State) -> Any:
    running = _running.get(name)
    if running is None or name in state.stopping:
        return Reply(("not_started", name), state)
    if running.master is None:
        del _running[name]
        return Reply(None, state)
    state.stopping[name] = from_
    send(running.master, StopNow())
    return NoReply(state)


def _included(spec: AppSpec) -> list[str]:
    found: list[str] = []
    for name in spec.included_applications:
        found += [name, *_included(_loaded[name])]
    return found


def _answer(waiting: list[From], failure: object) -> None:
    for from_ in waiting:
        reply(from_, failure)


async def _shutdown_func(reason: object) -> None:
    told = application.get_env("kernel", "shutdown_func")
    if isinstance(told, str):
        module, _, name = told.partition(":")
        told = getattr(importlib.import_module(module), name)
    if told is not None:
        await application_master.guarded(told, reason)


async def _stopped(master: Pid, until: float | None) -> None:
    """Stop an application; when its time is over, kill it and all that belongs to it."""
    send(master, StopNow())
    left = None if until is None else max(until - monotonic_time(), 0.0)
    try:
        await receive(lambda message: isinstance(message, Exit) and message.pid is master, left)
    except ReceiveTimeout:
        log.error("the way down takes too long: what is left of it is killed")
        for pid in processes():
            if pid.target is not None and pid.target.group_leader is master:
                exit_(pid, KILL)


def _enter(running: Running) -> None:
    _running[running.spec.name] = running
    log.info("application %s %s started (%s)", running.spec.name, running.spec.vsn, running.type_)


def _ended(running: Running, reason: object, state: _State) -> Any:
    name = running.spec.name
    del _running[name]
    asked = state.stopping.pop(name, None)
    if asked is not None:
        log.info("application %s stopped", name)
        reply(asked, None)
        return NoReply(state)
    fatal = running.type_ == "permanent" or (running.type_ == "transient" and reason != NORMAL)
    log.log(logging.ERROR if fatal else logging.WARNING, "application %s ended: %s", name, reason)
    if fatal:
        return Stop(("application_terminated", name, reason), state)
    return NoReply(state)
