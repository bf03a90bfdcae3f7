"""keys — a locator's state: the processes for keys on this node, and the messages that wait for them.

Way:      locator → [keys] → the process for a key, or the locator of another node
Process:  the locator's; what takes time is done in other processes
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from otp.erts import exits, process, process_info
from otp.erts.clock import CLOCK
from otp.erts.exits import AlreadyStarted, StartError
from otp.erts.pid import Pid
from otp.kernel import codec
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import ChildSpec, Restart
from xmpp_core.errors import STANZA_CONDITIONS, StanzaError
from xmpp_core.stanza import Stanza
from xmppd.routing import faults, router
from xmppd.routing.deliver import Deliver
from xmppd.routing.placed.placed import HasOwner, Placed, PlaceRefused, place
from xmppd.routing.placed.placed_server import Relocate, TakeOver

#: what waits for processes that do not run yet: more is refused
MOST_WAITING: Final = 10_000
#: messages that a process may have before it; more are refused
MOST_QUEUED: Final = 10_000
_MAY_RESTART: Final = 1.0  # seconds that a process has lived which is started again when it crashes


@dataclass(frozen=True, slots=True)
class KeyStarted:
    """The process for a key has been started, or has not."""

    key: str
    pid: Pid | None
    error: Exception | None = None


@codec.message
@dataclass(frozen=True, slots=True)
class LocatorSettled:
    """From another locator: it has handed over what is ours."""

    locator: Pid


@dataclass(slots=True)
class LocatorState:
    """`others`: the locators of other nodes; `unsettled`: those that may still have what is ours, `leaving` those among
    them that end; `to_settle`: those that wait until we have handed over what is theirs.

    `pids`: the processes here by key, `keys` the other way round, with the time of their start (monotonic, s);
    `moving`: those that were asked to end, and for whom; `given_up`: what they want their successors to know.
    `waiting`: what came for one that does not run yet (Deliver, or who has called Whereis), `waits` of it altogether;
    `starting`: it is being started. `left`: what predecessors have told.
    """

    mod: HasOwner
    placed: Placed
    others: dict[str, Pid] = field(default_factory=dict)
    unsettled: set[Pid] = field(default_factory=set)
    leaving: set[Pid] = field(default_factory=set)
    to_settle: set[Pid] = field(default_factory=set)
    pids: dict[str, Pid] = field(default_factory=dict)
    keys: dict[Pid, tuple[str, float]] = field(default_factory=dict)
    moving: dict[Pid, Pid] = field(default_factory=dict)
    given_up: dict[Pid, Any] = field(default_factory=dict)
    waiting: dict[str, list[Any]] = field(default_factory=dict)
    waits: int = 0
    starting: set[str] = field(default_factory=set)
    left: dict[str, list[TakeOver]] = field(default_factory=dict)

    def place(self, key: str) -> Pid:
        """The locator that has a key, as far as is known here."""
        return place(key, (process.self_(), *self.others.values()))


def know(state: LocatorState, key: str, pid: Pid) -> None:
    """The process for a key runs here."""
    state.pids[key] = pid
    state.keys[pid] = (key, CLOCK.monotonic())
    process.monitor(pid)


def running(state: LocatorState, key: str) -> Pid | None:
    """The process for a key, if it runs here and is not about to go."""
    pid = state.pids.get(key)
    return pid if pid is not None and pid not in state.moving and process.is_alive(pid) else None


def start(state: LocatorState, key: str) -> None:
    """Start the process for a key, unless a node that may have it must be waited for."""
    if key not in state.starting and not state.unsettled and state.pids.get(key) not in state.moving:
        state.starting.add(key)
        process.spawn(_start_child, state.mod, state.placed, key, process.self_())


async def _start_child(mod: HasOwner, placed: Placed, key: str, locator: Pid) -> None:
    spec = ChildSpec(key, (gen_server.start_link, (placed.server, mod, key)), Restart.TEMPORARY)
    try:
        pid, error = await supervisor.start_child(placed.sup_name(mod), spec), None
    except AlreadyStarted as known:
        pid, error = known.pid, None
    except Exception as failed:
        pid, error = None, failed
    process.send(locator, KeyStarted(key, pid, error))


def started(state: LocatorState, outcome: KeyStarted) -> None:
    """It runs, or cannot be started: those that wait are served, or told why not."""
    key = outcome.key
    state.starting.discard(key)
    waiting = state.waiting.pop(key, [])
    state.waits -= len(waiting)
    if outcome.pid is None:
        _refuse(waiting, _why_not(outcome, state.placed))
        return
    know(state, key, outcome.pid)
    for told in state.left.pop(key, ()):
        process.send(outcome.pid, told)
    for one in waiting:
        _hand(outcome.pid, one)
    move(state, key)


def _why_not(outcome: KeyStarted, placed: Placed) -> StanzaError:
    match outcome.error:
        case None:  # its init has said «ignore»
            return StanzaError("item-not-found")
        case StartError(reason=str() as condition) if condition in STANZA_CONDITIONS:
            return StanzaError(condition)
        case error:
            return faults.stanza_error(error, f"starting {placed.name} {outcome.key}")


def move(state: LocatorState, key: str) -> None:
    """End the process for a key, if its place is elsewhere."""
    pid, successor = state.pids[key], state.place(key)
    if successor is not process.self_() and pid not in state.moving:
        state.moving[pid] = successor
        process.send(pid, Relocate(process.self_()))


def ended(state: LocatorState, pid: Pid, reason: object) -> None:
    """A process is no more: its successor may begin, elsewhere or here."""
    key, since = state.keys.pop(pid, ("", 0.0))
    if not key:
        return
    if state.pids.get(key) is pid:
        del state.pids[key]
    if state.moving.pop(pid, None) is not None:
        take_over(state, TakeOver(key, state.given_up.pop(pid, None)))
        if state.place(key) is not process.self_():
            pass_on(state, key)
        settle(state)
    elif key in state.waiting or (not exits.is_clean(reason) and CLOCK.monotonic() - since > _MAY_RESTART):
        start(state, key)


def take_over(state: LocatorState, message: TakeOver) -> None:
    """What was another's is ours."""
    key = message.key
    if state.place(key) is not process.self_():
        process.send(state.place(key), message)
    elif (pid := running(state, key)) is not None:
        process.send(pid, message)
    else:
        state.left.setdefault(key, []).append(message)
        state.waiting.setdefault(key, [])
        start(state, key)


# --- what comes for them


def deliver(state: LocatorState, key: str, message: Deliver) -> None:
    """To the process for a key, here or there. It is not passed on for ever: a node that passes it on knows of a
    locator that weighs more for the key, and that one knows itself."""
    successor = state.place(key)
    if successor is not process.self_():
        process.send(successor, message)
    elif (pid := running(state, key)) is None:
        wait(state, key, message)
    elif process_info.process_info(pid, "message_queue_len") >= MOST_QUEUED:
        _refuse([message], _busy())
    else:
        process.send(pid, message)


def wait(state: LocatorState, key: str, one: Any) -> None:
    """Until the process for the key runs, which is started if need be."""
    if state.waits >= MOST_WAITING:
        _refuse([one], _busy())
        return
    state.waits += 1
    state.waiting.setdefault(key, []).append(one)
    start(state, key)


def pass_on(state: LocatorState, key: str) -> None:
    """What waits for a key goes to the process that has it now."""
    waiting = state.waiting.pop(key, [])
    state.waits -= len(waiting)
    for one in waiting:
        if isinstance(one, Deliver):
            process.send(state.place(key), one)
        else:
            gen_server.reply(one, None)


def _hand(pid: Pid, one: Any) -> None:
    if isinstance(one, Deliver):
        process.send(pid, one)
    else:
        gen_server.reply(one, pid)


def _busy() -> StanzaError:
    return StanzaError("resource-constraint", faults.LATER, type_="wait")


def _refuse(waiting: Iterable[Any], error: StanzaError) -> None:
    answers: list[Stanza] = []
    for one in waiting:
        if not isinstance(one, Deliver):
            gen_server.reply(one, PlaceRefused(error.condition))
        elif (answer := faults.bounce(one.stanza, error)) is not None:
            answers.append(answer)
    if answers:
        process.spawn(_route_all, answers)


async def _route_all(stanzas: list[Stanza]) -> None:
    for stanza in stanzas:
        await router.route(stanza)


# --- who waits for us


def settle(state: LocatorState) -> None:
    """Tell those who wait for us, and for whom nothing is under way any more."""
    for other in [one for one in state.to_settle if one not in state.moving.values()]:
        state.to_settle.discard(other)
        process.send(other, LocatorSettled(process.self_()))
