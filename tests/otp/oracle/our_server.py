"""our_server — the server of servers.py's programs on otp, and the processes around it, as server.erl has them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from otp.erts import process
from otp.erts.exits import CallError, Crash, ProcessExit
from otp.erts.links import watch
from otp.erts.pid import Pid
from otp.erts.signals import Down, Exit, Timeout
from otp.stdlib import gen, gen_server
from otp.stdlib.gen_server import GenServer, Init, NoReply, Reply, Stop, StopInit, Throw
from tests.otp.oracle.programs import erlang
from tests.otp.oracle.servers import NOTHING, Program, Spec

#: seconds: it is waited for; it never comes
SHORT, LONG = 0.005, 600.0
WAITS: dict[str, Any] = {"none": None, "zero": 0, "short": SHORT, "long": LONG, "hibernate": "hibernate"}


class Oops(Exception):
    """error(oops)."""


class Trial:
    """One program: what was noted, and what is known of its server."""

    def __init__(self, program: Program) -> None:
        self.notes: defaultdict[str, list[str]] = defaultdict(list)
        self.size = 0
        self.table = program.table
        (self.link, named, self.trap, self.is_async) = program.options
        timeouts, exits, downs, self.terminate, self.change = program.endings
        self.specs = {"timeout": list(timeouts), "exit": list(exits), "down": list(downs)}
        self.inits = list(program.inits)
        self.name = f"server{program.nr}" if named else None
        self.parent = process.self_()
        self.server = process.spawn(lambda: None)
        self.armed = self.suspended = self.is_up = False
        self.end: Any = None
        self.peer = process.spawn(peer, self)
        self.callee: Any = None

    def arm(self, action: Any) -> None:
        """The server waits for a time-out that is soon, or for none."""
        self.armed = action in ("zero", "short")

    def next(self, kind: str) -> Spec:
        """What the next one of those without an id does."""
        specs = self.specs[kind]
        return specs.pop(0) if specs else NOTHING

    def ended(self, reason: object) -> None:
        """The server has ended."""
        self.end = reason

    def note(self, channel: object, term: Any) -> None:
        """Write down what happened."""
        self.size += 1
        self.notes[erlang(channel)].append(erlang(term))


class Counter:
    """A debug function: writes down three messages, and is done. Any is the same function, with its own count."""

    def __init__(self, trial: Trial) -> None:
        self.trial, self.left = trial, 3

    def __call__(self, _direction: str, message: Any, _state: object) -> object:
        self.trial.note("debug", seen(message))
        self.left -= 1
        return None if self.left else "done"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counter)

    def __hash__(self) -> int:
        return hash(Counter)


def seen(message: Any) -> Any:
    """A message in the words of the program."""
    match message:
        case gen.Cast():
            return ("cast", message.request)
        case gen.Call():
            return ("call", message.request)
        case Exit(_, reason):
            return ("exit", show(reason))
        case Down():
            return ("down", show(message.reason))
        case Timeout():
            return "timeout"
    return message


def show(reason: Any) -> Any:
    """A reason in server.erl's words."""
    match reason:
        case Crash():
            return ("crash", "oops") if reason.kind == "Oops" else ("crash", reason.kind, reason.text)
        case ("bad_return_value", *_):
            return "bad_return_value"
        case (why, ("call", _, request)):
            return (show(why), "call", request)
    return reason


# -- the server


class Server(GenServer[Any]):
    """server.erl's server; its state is (number, whom to answer, trial). It waits in its callbacks if is_async."""

    async def init(self, trial: Trial, answer: Any) -> Any:
        if answer == ("hang",):
            await process.sleep(LONG)
        if trial.is_async:
            await process.give_way()
        process.trap_exit(trial.trap)
        watch(process.self_(), trial.ended)
        trial.note("server", "init")
        return first(answer, trial)

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if isinstance(request, tuple):
            time.sleep(SHORT * 1.5)
            request = request[1]
        return await handle("call", request, state[2].table[request], from_, state)

    async def handle_cast(self, id_: Any, state: Any) -> Any:
        return await handle("cast", id_, state[2].table[id_], None, state)

    async def handle_continue(self, id_: Any, state: Any) -> Any:
        return await handle("continue", id_, state[2].table[id_], None, state)

    async def handle_info(self, message: Any, state: Any) -> Any:
        trial: Trial = state[2]
        match message:
            case ("info", id_):
                return await handle("info", id_, trial.table[id_], None, state)
            case Timeout():
                return await handle("info", "timeout", trial.next("timeout"), None, state)
            case Exit(pid, reason):
                return await handle("exit", (who(pid, trial), show(reason)), trial.next("exit"), None, state)
            case Down():
                whom = (who(message.pid, trial), show(message.reason))
                return await handle("down", whom, trial.next("down"), None, state)
        return await handle("stray", "none", NOTHING, None, state)

    async def terminate(self, reason: Any, state: Any) -> Any:
        n, saved, trial = state
        if trial.is_async:
            await process.give_way()
        trial.armed = False
        trial.note("server", ("terminate", show(reason), n))
        effects, answer = trial.terminate
        for effect in effects:
            await perform(effect, None, saved, trial)
        match answer:
            case ("exit", worse):
                raise ProcessExit(worse)
            case ("error",):
                raise Oops
            case ("throw",):
                raise Throw("away")

    def code_change(self, old_vsn: object, state: Any, extra: object) -> Any:
        n, saved, trial = state
        trial.note("server", ("code_change", old_vsn, extra, n))
        if trial.change != "ok":
            raise Oops
        return (n + 100, saved, trial)


class PlainServer(Server):
    """The same with callbacks that are no coroutines."""

    def init(self, trial: Trial, answer: Any) -> Any:
        code = super().init(trial, answer)
        return code if answer == ("hang",) else plain(lambda: code)()


def plain(code: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
    """A callback that never waits, as a plain function."""

    def callback(*args: Any) -> Any:
        try:
            code(*args).send(None)
        except StopIteration as stop:
            return stop.value
        raise AssertionError("a plain callback waits")

    return callback


for _name in ("handle_call", "handle_cast", "handle_info", "handle_continue", "terminate"):
    setattr(PlainServer, _name, plain(getattr(Server, _name)))


def first(answer: Any, trial: Trial) -> Any:
    """What init returns."""
    match answer:
        case ("ok", action):
            trial.arm(action)
            state = (0, [], trial)
            return state if action == "none" else Init(state, **extras(action))
        case ("stop", reason):
            return StopInit(reason)
        case ("ignore",):
            return gen_server.IGNORE
        case ("exit", reason):
            raise ProcessExit(reason)
        case ("throw", what):
            raise Throw(first(what, trial))
    raise Oops


def extras(action: Any) -> dict[str, Any]:
    """An action as the result classes take it."""
    return {"continue_": action[1]} if isinstance(action, tuple) else {"timeout": WAITS[action]}


async def handle(kind: str, id_: Any, spec: Spec, from_: Any, state: Any) -> Any:
    """What every callback does."""
    n, saved, trial = state
    if trial.is_async:
        await process.give_way()
    trial.armed = False
    trial.note("server", (kind, id_, n))
    saved = list(saved)
    for effect in spec[0]:
        await perform(effect, from_, saved, trial)
    return answered(spec[1], (n + 1, saved, trial))


def answered(answer: Any, state: Any) -> Any:
    """What a callback returns."""
    match answer:
        case ("throw", what):
            raise Throw(answered(what, state))
        case ("noreply", action):
            state[2].arm(action)
            return NoReply(state, **extras(action))
        case ("reply", action):
            state[2].arm(action)
            return Reply(state[0], state, **extras(action))
        case ("stop", reason):
            return Stop(reason, state)
        case ("stop_reply", reason):
            return Stop(reason, state, "bye")
        case ("exit", reason):
            raise ProcessExit(reason)
        case ("error",):
            raise Oops
    return "nonsense"


async def perform(effect: Any, from_: Any, saved: list[Any], trial: Trial) -> None:
    """One effect of a callback; `saved` are those who wait for an answer."""
    match effect:
        case ("keep",):
            saved.append(from_)
        case ("answer",) if saved:
            gen_server.reply(saved.pop(0), "answered")
        case ("note",):
            trial.note("server", "note")
        case ("twice",):
            gen_server.reply(from_, "first")
        case ("send", id_):
            process.send(process.self_(), ("info", id_))
        case ("cast", id_):
            gen_server.cast(process.self_(), id_)
        case ("trap", flag):
            trial.note("server", ("trap", process.trap_exit(flag)))
        case ("exit_self", reason):
            process.exit_(process.self_(), reason)
            trial.note("server", "after_exit")
        case ("ask", what, caught):
            trial.note("server", ("asked", what, await asked(lambda: ask(what, trial), caught)))
        case (word,):
            tie(word, trial)


def tie(word: str, trial: Trial) -> None:
    """Links and monitors."""
    match word:
        case "link" | "monitor" if not process.is_alive(trial.peer) and (
            word == "monitor" or process.running().trapping
        ):
            trial.note("server", "too_late")  # nobody promises when the signal comes
        case "link":
            try:
                process.link(trial.peer)
                trial.note("server", ("link", True))
            except ProcessExit as error:
                trial.note("server", ("link", error.reason))
        case "unlink":
            process.unlink(trial.peer)
        case "unlink_parent":
            process.unlink(trial.parent)
        case "monitor":
            process.put("monitor", process.monitor(trial.peer))
        case "demonitor" if (ref := process.erase("monitor")) is not None:
            process.demonitor(ref, flush=True)


def is_late(word: str, trial: Trial) -> bool:
    """The other process is dead, and its answer would be a signal."""
    return not process.is_alive(trial.peer) and (word == "monitor" or process.running().trapping)


async def ask(what: str, trial: Trial) -> Any:
    """A call of the server's own."""
    if what == "itself":
        return await gen_server.call(process.self_(), what)
    return await gen_server.call(trial.callee, what, patience(trial.callee) if what == "silent" else LONG)


def patience(pid: Pid) -> float:
    """Seconds: a dead one answers for certain, if not soon."""
    return SHORT if process.is_alive(pid) else LONG


async def asked(question: Callable[[], Awaitable[Any]], caught: bool = True, whole: bool = True) -> Any:
    """The answer, or the exit of the call that failed: the whole reason, or only why."""
    try:
        result = await question()
    except CallError as error:
        if not caught:
            raise
        return ("exit", show(error.reason if whole else error.why))
    return "ok" if result is None else result


def who(pid: Pid | str | None, trial: Trial) -> str:
    """A process in the words of the program."""
    names = {trial.peer: "peer", trial.parent: "parent", process.self_(): "self"}
    return names[pid]  # type: ignore[index]


class Callee(GenServer[None]):
    """Another server, that is asked."""

    def init(self) -> None:
        """Has no state."""

    def handle_call(self, request: str, from_: Any, state: None) -> Any:
        match request:
            case "answer":
                return Reply("yes", state)
            case "die":
                raise ProcessExit("boom")
            case "stop":
                return Stop("normal", state)
        return NoReply(state)


async def peer(trial: Trial) -> None:
    """Another process, that traps exits."""
    process.trap_exit()
    while True:
        match await process.receive():
            case Exit(_, reason):
                trial.note("peer", show(reason))
            case ("exit", reason, _):
                raise ProcessExit(reason)
            case (word, _, done):
                if word == "link":
                    process.link(trial.server)
                elif word == "unlink":
                    process.unlink(trial.server)
                done.resolve(None)
