"""The checks of exercise 6. Reading them gives the answer away."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from otp.erts import process
from otp.erts.exits import StartError
from otp.erts.process import whereis
from otp.stdlib import gen_server
from otp.stdlib.children import FAMILIES

KILLS = 6


async def tree(exercise: ModuleType) -> Any:
    process.trap_exit(True)
    try:
        top = await exercise.start()
    except StartError as error:
        raise AssertionError(f"the tree did not start: {error.reason}") from None
    for name in ("counter", "probe"):
        assert whereis(name) is not None, f"nobody is registered as {name!r}"
    return top


async def kill(times: int) -> int:
    """Kill the probe; how often it was there to be killed."""
    for done in range(times):
        probe = whereis("probe")
        if probe is None:
            return done
        process.exit_(probe, "kill")
        await process.sleep(0.02)
    return times


async def check_counts(exercise: ModuleType) -> None:
    """What the probe reads is counted."""
    await tree(exercise)
    for degrees in ("20.5", "21"):
        process.send("probe", degrees)
    await process.sleep(0.01)
    count = await gen_server.call("counter", "count")
    assert count == 2, f"two readings were sent to the probe, the count is {count!r}"


async def check_flags(exercise: ModuleType) -> None:
    """No supervisor allows more than 2 restarts, or counts for less than 5 seconds."""
    await tree(exercise)
    for family in list(FAMILIES.values()):
        flags = family.flags
        name = family.module.__name__
        assert flags.intensity <= 2, f"{name} allows {flags.intensity} restarts; no more than 2 are allowed"
        assert flags.period >= 5, f"{name} counts for {flags.period} s only; it must be 5 at least"


async def check_one_kill(exercise: ModuleType) -> None:
    """After one kill there is another probe, and the counter is the same process."""
    await tree(exercise)
    counter, probe = whereis("counter"), whereis("probe")
    await kill(1)
    assert whereis("probe") not in (None, probe), "the probe was killed once and was not started again"
    assert whereis("counter") is counter, "the probe was killed, and the counter was started anew: its count is lost"


async def check_six_kills(exercise: ModuleType) -> None:
    """After six kills in a row both run, and the top supervisor lives."""
    top = await tree(exercise)
    done = await kill(KILLS)
    assert process.is_alive(top), f"the top supervisor gave up after {done} kills"
    assert done == KILLS, f"after {done} kills nobody started the probe again"
    assert whereis("probe") is not None, "the last of six kills was not repaired"


async def check_the_count_survives(exercise: ModuleType) -> None:
    """Six kills later the count is what it was, and goes on."""
    await tree(exercise)
    counter = whereis("counter")
    process.send("probe", "20.5")
    await process.sleep(0.01)
    await kill(KILLS)
    assert whereis("counter") is counter, "somewhere on the way the counter was started anew: its count is lost"
    assert whereis("probe") is not None, "there is no probe any more that could read"
    process.send("probe", "21")
    await process.sleep(0.01)
    count = await gen_server.call("counter", "count")
    assert count == 2, f"one reading before the kills and one after: the count should be 2, it is {count!r}"
