"""The checks of exercise 4. Reading them gives the answer away."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from otp.erts import process
from otp.erts.exits import CallError
from otp.erts.pid import Pid
from otp.stdlib import gen_statem

LONG = 30.0


class Stile:
    """A turnstile under test, and the words to speak with it."""

    def __init__(self, pid: Pid) -> None:
        self.pid = pid
        self.events: list[str] = []

    @classmethod
    async def new(cls, exercise: ModuleType, alarm: float = LONG) -> Stile:
        exercise.ALARM = alarm
        pid = await gen_statem.start(exercise.Turnstile)
        assert pid is not None
        return cls(pid)

    def do(self, *events: str) -> None:
        for event in events:
            self.events.append(event)
            gen_statem.cast(self.pid, event)

    async def ask(self, question: str) -> Any:
        try:
            return await gen_statem.call(self.pid, question, timeout=1.0)
        except CallError as error:
            raise AssertionError(f"after {self.story()} the call {question!r} failed: {error.why}") from None

    def story(self) -> str:
        return ", ".join(self.events) or "nothing"

    async def expect(self, state: str, passed: int) -> None:
        got = await self.ask("state")
        assert got == state, f"after {self.story()} the state is {got!r}, it should be {state!r}"
        through = await self.ask("passed")
        assert through == passed, f"after {self.story()} {through!r} have passed, it should be {passed}"


async def check_one_person(exercise: ModuleType) -> None:
    """A coin and a push let one person through."""
    stile = await Stile.new(exercise)
    await stile.expect("locked", 0)
    stile.do("coin")
    await stile.expect("unlocked", 0)
    stile.do("push")
    await stile.expect("locked", 1)


async def check_two_coins(exercise: ModuleType) -> None:
    """A second coin in the unlocked turnstile changes nothing."""
    stile = await Stile.new(exercise)
    stile.do("coin", "coin")
    await stile.expect("unlocked", 0)
    stile.do("push")
    await stile.expect("locked", 1)


async def check_alarm(exercise: ModuleType) -> None:
    """The third push in a row without a coin is the alarm; two are not."""
    stile = await Stile.new(exercise)
    stile.do("push", "push")
    await stile.expect("locked", 0)
    stile.do("push")
    await stile.expect("alarm", 0)
    stile.do("push", "push")
    await stile.expect("alarm", 0)


async def check_in_a_row(exercise: ModuleType) -> None:
    """A coin between the pushes begins the count anew."""
    stile = await Stile.new(exercise)
    stile.do("push", "push", "coin", "push", "push", "push")
    await stile.expect("locked", 1)
    stile.do("push")
    await stile.expect("alarm", 1)


async def check_alarm_ends(exercise: ModuleType) -> None:
    """The alarm is over after ALARM seconds, by itself, and the count of pushes begins anew."""
    stile = await Stile.new(exercise, alarm=0.05)
    stile.do("push", "push", "push")
    await process.sleep(0.3)
    stile.events.append("a wait longer than ALARM")
    await stile.expect("locked", 0)
    stile.do("push", "push")
    await stile.expect("locked", 0)


async def check_coin_in_alarm(exercise: ModuleType) -> None:
    """A coin during the alarm counts when it is over."""
    stile = await Stile.new(exercise, alarm=0.3)
    stile.do("push", "push", "push", "coin")
    await stile.expect("alarm", 0)
    await process.sleep(0.6)
    stile.events.append("a wait longer than ALARM")
    await stile.expect("unlocked", 0)
    stile.do("push")
    await stile.expect("locked", 1)
