"""The checks of exercise 9: two nodes, each an OS process. Reading them gives the answer away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

from otp.erts import process
from otp.erts.exits import CallError
from otp.erts.pid import Pid
from otp.kernel import pg
from otp.stdlib import gen_server, introspect
from tests.support import mesh
from tests.support.mesh import Mesh
from tests.support.node import until
from tests.support.remote_node import Echo

PRESENT: list[Mesh] = []


def run(body: Callable[[], Awaitable[Any]]) -> None:
    """Run a check as the node "main" of a mesh with one other node, "w1"."""

    async def among(present: Mesh) -> None:
        PRESENT[:] = [present]
        await body()

    mesh.run(among, "w1")


async def here() -> Pid:
    """A member on this node: it answers with its pid and what it was asked; to "silence" it says nothing."""
    pid = await gen_server.start(Echo)
    assert pid is not None
    await pg.join("echoes", pid)
    return pid


async def there(count: int) -> Pid:
    """A member on w1, known here: then there are `count` in all."""
    pid: Pid = await mesh.call("w1", "join", "echoes")
    await until(lambda: len(pg.get_members("echoes")) == count)
    return pid


async def asked(exercise: ModuleType, request: str = "hello", seconds: float = 1.0) -> Any:
    try:
        return await exercise.ask_any("echoes", request, seconds)
    except CallError as error:
        raise AssertionError(f"ask_any let a CallError through: {error.why}") from None


async def check_one_member(exercise: ModuleType) -> None:
    """The one member there is answers, here or on another node."""
    pid = await there(1)
    got = await asked(exercise)
    assert got.by is pid, f"the only member is on w1; the answer was {got!r}"
    assert got.what == "hello", f"the answer was {got!r}"


async def check_nearest_first(exercise: ModuleType) -> None:
    """A member on this node is asked before one on w1 that joined earlier."""
    await there(1)
    near = await here()
    got = await asked(exercise)
    assert got.by is near, f"there is a member on this node, but {got.by} answered"


async def check_silence(exercise: ModuleType) -> None:
    """A member that says nothing within its seconds is passed over."""
    silent, near = await here(), await here()
    await introspect.suspend(silent)
    got = await asked(exercise, seconds=0.1)
    assert got.by is near, f"the first member is deaf, the second should have answered, it was {got.by}"


async def check_a_node_that_is_gone(exercise: ModuleType) -> None:
    """A member whose node dies during the call is passed over; if nobody is left, NobodyAnswered is raised."""
    far = await there(1)
    process.send_after(0.2, process.self_(), "shoot")
    boss = process.self_()

    async def asker() -> None:
        try:
            process.send(boss, ("got", await exercise.ask_any("echoes", "silence", 5.0)))
        except Exception as error:
            process.send(boss, ("got", error))

    process.spawn(asker)
    await process.receive(lambda m: m == "shoot")
    PRESENT[0].kill("w1")
    _, got = await process.receive(lambda m: isinstance(m, tuple) and m[0] == "got", timeout=10.0)
    assert isinstance(got, exercise.NobodyAnswered), f"w1, with the only member {far}, was killed: ask_any gave {got!r}"


async def check_nobody(exercise: ModuleType) -> None:
    """If the group is empty, or none of its members answers, it raises NobodyAnswered."""
    for members in (0, 2):
        for _ in range(members):
            await here()
        try:
            got = await asked(exercise, "silence", 0.05)
        except exercise.NobodyAnswered:
            continue
        except (IndexError, ValueError) as error:
            raise AssertionError(f"with {members} members that say nothing it raised {error!r}") from None
        raise AssertionError(f"with {members} members that say nothing it returned {got!r}")
