"""The checks of exercise 5. Reading them gives the answer away."""

from __future__ import annotations

from types import ModuleType

from otp.erts import process
from otp.erts.exits import StartError
from otp.erts.pid import Pid
from otp.stdlib import gen_server, supervisor

NAMES = ("db", "cache", "web", "stock", "banner")
HOLDS = (("cache", "db"), ("web", "cache"))


async def shop(exercise: ModuleType) -> Pid:
    process.trap_exit(True)
    try:
        pid = await supervisor.start_link(exercise.Shop)
    except StartError as error:
        raise AssertionError(f"the supervisor did not start: {error.reason}") from None
    missing = [name for name in NAMES if process.whereis(name) is None]
    assert not missing, f"after the start there is no {missing[0]}"
    assert pid is not None
    return pid


async def end(name: str, reason: object) -> dict[str, Pid | None]:
    """End a part and let the supervisor do its work; who was there before."""
    before = {each: process.whereis(each) for each in NAMES}
    victim = before[name]
    assert victim is not None, f"there is no {name} that could end"
    process.exit_(victim, reason)
    await process.sleep(0.05)
    return before


async def holds_the_living(after: str) -> None:
    for name, needs in HOLDS:
        pid = process.whereis(name)
        assert pid is not None, f"{after}, {name} does not run"
        held = await gen_server.call(pid, "holds")
        assert held is not None, f"{after}, {name} holds nobody: was {needs} started before it?"
        assert held is process.whereis(needs), f"{after}, {name} holds the pid of a dead {needs}"


def same(before: dict[str, Pid | None], names: tuple[str, ...], after: str) -> None:
    for name in names:
        assert process.whereis(name) is before[name], f"{after}, {name} was started anew for nothing"


async def check_start(exercise: ModuleType) -> None:
    """After the start each part holds the pid of the one that it needs."""
    await shop(exercise)
    await holds_the_living("after the start")


async def check_db(exercise: ModuleType) -> None:
    """After a crash of db, cache and web hold living ones."""
    await shop(exercise)
    await end("db", "kill")
    await holds_the_living("after a crash of db")


async def check_cache(exercise: ModuleType) -> None:
    """After a crash of cache the same; db stays."""
    await shop(exercise)
    before = await end("cache", "kill")
    await holds_the_living("after a crash of cache")
    same(before, ("db",), "after a crash of cache")


async def check_web(exercise: ModuleType) -> None:
    """A crash of web costs neither db nor cache anything."""
    await shop(exercise)
    before = await end("web", "kill")
    await holds_the_living("after a crash of web")
    same(before, ("db", "cache"), "after a crash of web")


async def check_stock(exercise: ModuleType) -> None:
    """A stock that crashes runs again, one that is done does not, and the others go on either way."""
    await shop(exercise)
    before = await end("stock", "kill")
    assert process.whereis("stock") is not None, "stock crashed and was not started again"
    same(before, ("db", "cache", "web"), "after a crash of stock")
    stock = process.whereis("stock")
    assert stock is not None
    process.send(stock, "normal")
    await process.sleep(0.05)
    assert process.whereis("stock") is None, "stock was done, and was started again"
    same(before, ("db", "cache", "web"), "after the end of stock")


async def check_banner(exercise: ModuleType) -> None:
    """A banner that has ended is never shown again, and the others go on."""
    for reason in ("normal", "torn"):
        pid = await shop(exercise)
        before = {name: process.whereis(name) for name in NAMES}
        banner = before["banner"]
        assert banner is not None
        process.send(banner, reason)
        await process.sleep(0.05)
        assert process.whereis("banner") is None, f"the banner ended with {reason!r} and was shown again"
        same(before, ("db", "cache", "web", "stock"), f"after the end of the banner ({reason})")
        process.unlink(pid)
        await gen_server.stop(pid, "shutdown")
