"""restart — decides what a supervisor does with its children when one of them has ended. Pure.

OTP:      the middle of supervisor.erl (restart_child/3, restart/2, add_restart/1, do_auto_shutdown/2)
Differs:  there deciding and acting are one; here the decision is a list of values. The window is
          measured in seconds as given, not in whole ones; an entry exactly `period` old still counts
Way:      supervisor → [restart] → actions → supervisor performs them, in order

    one child ended             decision                          performed by supervisor
    ──────────────────────────  ────────────────────────────────  ─────────────────────────────────
    permanent, any reason       StopChild(…), StartChild(group)   exit signals; the start functions
    transient, abnormal         the same                          a start that fails: `again` later
    transient, clean            () or GiveUp("auto_shutdown")     keeps the spec, not running
    temporary                   ForgetChild(), perhaps GiveUp(…)  forgets the spec
    more than intensity/period  GiveUp("reached_max…")            stops all, exits "shutdown"

The group of an incident is the child (one_for_one), it and those started after it (rest_for_one), or all
(one_for_all). One incident counts once in the window, however many children it takes along.

>>> from otp.stdlib.restart import Window, ended
>>> from dataclasses import dataclass
>>> from otp.stdlib.child_spec import ChildSpec, Strategy, SupFlags
>>> @dataclass
... class Child:
...     spec: ChildSpec
...     is_up: bool
>>> family = {id: Child(ChildSpec(id, (print, ())), is_up=id != "b") for id in ("a", "b", "c")}
>>> flags = SupFlags(Strategy.REST_FOR_ONE, intensity=1, period=5)
>>> actions, window = ended(flags, family, "b", "killed", Window(), now=100.0)
>>> actions
(StopChild(keys=('c',)), StartChild(keys=('b', 'c')))
>>> ended(flags, family, "b", "killed", window, now=103.0)[0]
(GiveUp(why='reached_max_restart_intensity'),)
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from otp.erts.exits import is_clean
from otp.stdlib.child_spec import AutoShutdown, ChildSpec, Restart, Strategy, SupFlags

Key = Hashable
TOO_OFTEN: Literal["reached_max_restart_intensity"] = "reached_max_restart_intensity"
AUTO: Literal["auto_shutdown"] = "auto_shutdown"


class Member(Protocol):
    """What a decision needs to know of a child."""

    @property
    def spec(self) -> ChildSpec:
        """The spec it was started from."""

    @property
    def is_up(self) -> bool:
        """Whether it runs or is waiting for its next restart."""


@dataclass(frozen=True, slots=True)
class StopChild:
    """End these children, one after the other in this order; temporary ones are forgotten."""

    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class StartChild:
    """Start these children, in this order; at the first failure leave the rest down and decide `again`."""

    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class ForgetChild:
    """Forget this child and its spec."""

    key: Key


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Stop all children and exit with reason "shutdown"."""

    why: Literal["reached_max_restart_intensity", "auto_shutdown"]


Action = StopChild | StartChild | ForgetChild | GiveUp


@dataclass(frozen=True, slots=True)
class Window:
    """The restarts of the last `period` seconds, oldest first."""

    times: tuple[float, ...] = ()

    def add(self, now: float, flags: SupFlags) -> "Window | None":
        """The window with a restart at `now` (seconds, monotonic), or None if that is one too many."""
        recent = (*(at for at in self.times if now - at <= flags.period), now)
        return Window(recent) if len(recent) <= flags.intensity else None


Decision = tuple[tuple[Action, ...], Window]
Members = Mapping[Key, Member]


def needs_restart(restart: Restart, reason: object) -> bool:
    """Whether a child of this restart type, ended for `reason`, is to run again."""
    return restart is Restart.PERMANENT or (restart is Restart.TRANSIENT and not is_clean(reason))


def ended(flags: SupFlags, members: Members, key: Key, reason: object, window: Window, now: float) -> Decision:
    """What to do now that child `key`, already marked as down, has ended for `reason`.

    `members` are in start order; `now` is the monotonic time in seconds. Returns actions and the new window.
    """
    spec = members[key].spec
    if needs_restart(spec.restart, reason):
        return again(flags, members, key, window, now)
    forget = flags.is_simple or spec.restart is Restart.TEMPORARY
    actions: tuple[Action, ...] = (ForgetChild(key),) if forget else ()
    if spec.significant and _is_over(flags.auto_shutdown, members, key):
        actions += (GiveUp(AUTO),)
    return actions, window


def again(flags: SupFlags, members: Members, key: Key, window: Window, now: float) -> Decision:
    """What to do to get child `key` running: after its end, or after an attempt to start it has failed."""
    counted = window.add(now, flags)
    if counted is None:
        return (GiveUp(TOO_OFTEN),), window
    group = _group(flags.strategy, members, key)
    others = tuple(k for k in reversed(group) if k != key and members[k].is_up)
    back = tuple(k for k in group if members[k].spec.restart is not Restart.TEMPORARY)
    return ((StopChild(others), StartChild(back)) if others else (StartChild(back),)), counted


def _group(strategy: Strategy, members: Members, key: Key) -> tuple[Key, ...]:
    if strategy in (Strategy.ONE_FOR_ONE, Strategy.SIMPLE_ONE_FOR_ONE):
        return (key,)
    keys = tuple(members)
    return keys if strategy is Strategy.ONE_FOR_ALL else keys[keys.index(key) :]


def _is_over(auto: AutoShutdown, members: Members, key: Key) -> bool:
    if auto is AutoShutdown.ALL_SIGNIFICANT:
        return not any(m.spec.significant and m.is_up for k, m in members.items() if k != key)
    return auto is AutoShutdown.ANY_SIGNIFICANT
