"""keeper — keeps an OS process running: starts its peer again whenever it ends, after growing pauses if it ends often.

OTP:      a supervisor over peer; heart's restarts
Way:      supervisor → [keeper] → peer → OS process
Process:  one gen_server per OS process, permanent under a supervisor, linked to the peer it has started
Differs:  a supervisor gives up, and with it all its other children, when one of them ends too often. Here the one that
          ends often waits longer and longer, the others serve, and the operator is told (STATES, the log). Only
          when none of those that are kept can run is the node told to give up (`on_hopeless`)

    spec = PeerSpec("w1", (sys.executable, "-m", "xmppd.node.worker", …))
    await keeper.start_link(spec, Patience(), on_hopeless=boot.stop)
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from otp.erts.exits import CallError, StartError
from otp.erts.pid import Pid
from otp.erts.process import exit_, monotonic_time, receive, self_, send, send_after, spawn, trap_exit
from otp.erts.signals import Exit
from otp.kernel import peer
from otp.kernel.peer import PeerSpec
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply

log = logging.getLogger("otp.keeper")


@dataclass(frozen=True, slots=True)
class Patience:
    """When it is restarted: at once after up to `restarts` ends within `period` seconds; after more of them in
    `first` seconds, then after twice as many each time, but `most`."""

    restarts: int = 5
    period: float = 60.0
    first: float = 1.0
    most: float = 60.0


@dataclass(frozen=True, slots=True)
class Kept:
    """The state of one OS process that is kept, as shown to people. `status`: starting, serving, pausing or stopping;
    `ends`: since the node began; `last`: how it ended last, in words; `again_at`: when a pause is over (monotonic, 0:
    there is none); `fruitless`: starts in a row, up to now, after which it has not served; `hopeless`: so many that it
    seems to be unable to."""

    status: str = "starting"
    ends: int = 0
    last: str = ""
    again_at: float = 0.0
    fruitless: int = 0
    hopeless: bool = False


#: all that this node keeps, by the names of their specs
STATES: Final[dict[str, Kept]] = {}
OnHopeless = Callable[[str], object]


class _Again:
    """The pause is over."""


@dataclass(frozen=True, slots=True)
class _Serves:
    peer: Pid


@dataclass(slots=True)
class _State:
    spec: PeerSpec
    patience: Patience
    on_hopeless: OnHopeless
    peer: Pid | None = None
    ends: deque[float] = field(default_factory=deque)  # when, within the last period
    pause: float = 0.0


# -- API


async def start_link(
    spec: PeerSpec, patience: Patience = Patience(), on_hopeless: OnHopeless = lambda why: None
) -> Pid | None:
    """Start the OS process and keep it running; its peer is registered under the name in `spec`.

    `on_hopeless` is called with a sentence when neither this OS process nor any other that is kept here can run.
    Raises: StartError.
    """
    return await gen_server.start_link(Keeper, spec, patience, on_hopeless, name=f"keeper_{spec.name}")


def words(reason: object) -> str:
    """How an OS process ended, for people."""
    match reason:
        case ("signal", str(name), *_):
            return f"was killed by {name}"
        case ("exit_status", int(number), tuple() as lines):
            return f"ended with status {number}" + (f": {lines[-1]}" if lines else "")
        case ("not_ready", seconds, *_):
            return f"was not ready in {seconds} s"
        case "normal":
            return "ended by itself"
    return f"ended: {reason}"


# -- callbacks


class Keeper(GenServer[_State]):
    """See the head of the file."""

    async def init(self, spec: PeerSpec, patience: Patience, on_hopeless: OnHopeless) -> _State:
        """Start it for the first time."""
        trap_exit()
        STATES[spec.name] = Kept()
        state = _State(spec, patience, on_hopeless)
        await _start(state)
        return state

    async def handle_info(self, message: Any, state: _State) -> NoReply[_State]:
        """It serves, it has ended, it may start again."""
        match message:
            case Exit(pid, reason) if pid is state.peer:
                state.peer = None
                _ended(state, reason)
            case _Serves(pid) if pid is state.peer:
                _update(state, status="serving", again_at=0.0, fruitless=0, hopeless=False)
            case _Again() if state.peer is None:
                await _start(state)
        return NoReply(state)

    async def terminate(self, reason: object, state: _State) -> None:
        """End it in order, within the time that its spec allows."""
        _update(state, status="stopping")
        if state.peer is not None:
            exit_(state.peer, "shutdown")
            await receive(lambda m: isinstance(m, Exit) and m.pid is state.peer)


# -- internals


async def _start(state: _State) -> None:
    _update(state, status="starting", again_at=0.0)
    try:
        state.peer = await peer.start_link(state.spec, name=state.spec.name)
    except StartError as error:
        _ended(state, error.reason)
        return
    assert state.peer is not None
    spawn(_tell_when_it_serves, state.peer, self_())


async def _tell_when_it_serves(peer_: Pid, keeper: Pid) -> None:
    try:
        await peer.await_ready(peer_)
    except CallError:
        return  # its end is told by itself
    send(keeper, _Serves(peer_))


def _ended(state: _State, reason: object) -> None:
    """Count, and start it again: at once, or after a pause."""
    name, patience, now = state.spec.name, state.patience, monotonic_time()
    state.ends.append(now)
    while state.ends[0] < now - patience.period:
        state.ends.popleft()
    often = len(state.ends) > patience.restarts
    state.pause = min(max(patience.first, state.pause * 2), patience.most) if often else 0.0
    was = STATES[name]
    fruitless = was.fruitless + 1
    hopeless = fruitless > patience.restarts
    last = words(reason)
    _update(
        state, status="pausing", ends=was.ends + 1, last=last, again_at=now + state.pause, fruitless=fruitless,
        hopeless=hopeless,
    )  # fmt: skip
    log.log(
        logging.CRITICAL if often else logging.ERROR,
        "%s %s; it is started again %s", name, last, f"in {state.pause:g} s" if state.pause else "at once",
    )  # fmt: skip
    send_after(state.pause, self_(), _Again())
    if hopeless and all(kept.hopeless for kept in STATES.values()):
        state.on_hopeless(f"{' and '.join(sorted(STATES))} cannot live: {name} {last}")


def _update(state: _State, **changes: Any) -> None:
    before = STATES.get(state.spec.name, Kept())
    STATES[state.spec.name] = replace(before, **changes)
