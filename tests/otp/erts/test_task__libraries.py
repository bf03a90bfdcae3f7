"""test_task__libraries — aiohttp, httpx, asyncpg and anyio inside processes, each as its users write it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import anyio
import anyio.to_thread
import asyncpg
import httpx
import psycopg.conninfo
import pytest
from aiohttp import web

from otp.erts import process, runtime
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, Reply
from tests.support import postgres

Loops = pytest.mark.parametrize("loop", ["uvloop", "asyncio"])


async def hello(request: web.Request) -> web.Response:
    """Answers with the path; /slow does not answer."""
    if request.path == "/slow":
        await asyncio.sleep(1000)
    return web.Response(text=f"hello {request.path}")


class Site(GenServer[tuple[web.AppRunner, str]]):
    """A web server of aiohttp as a process: it serves while the process lives."""

    async def init(self) -> tuple[web.AppRunner, str]:
        process.trap_exit()
        app = web.Application()
        app.router.add_get("/{path}", hello)
        runner = web.AppRunner(app, shutdown_timeout=0.01)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        return runner, f"http://{host}:{port}"

    def handle_call(self, request: object, from_: object, state: tuple[web.AppRunner, str]) -> Any:
        return Reply(state[1], state)

    async def terminate(self, reason: object, state: tuple[web.AppRunner, str]) -> None:
        await state[0].cleanup()


class AioHttp(GenServer[aiohttp.ClientSession]):
    """A session of aiohttp, kept in the state from init to terminate."""

    async def init(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))

    async def handle_call(self, url: str, from_: object, session: aiohttp.ClientSession) -> Any:
        async with session.get(url) as response:
            return Reply((response.status, await response.text()), session)

    async def handle_info(self, message: Any, session: aiohttp.ClientSession) -> Any:
        url, caller = message
        try:
            async with session.get(url, timeout=aiohttp.ClientTimeout(total=0.05)):
                pass
        except TimeoutError:
            process.send(caller, "late")
        return gen_server.NoReply(session)

    async def terminate(self, reason: object, session: aiohttp.ClientSession) -> None:
        await session.close()


class Httpx(GenServer[httpx.AsyncClient]):
    """The same with httpx, which stands on anyio."""

    async def init(self) -> httpx.AsyncClient:
        return await httpx.AsyncClient(timeout=30).__aenter__()

    async def handle_call(self, url: str, from_: object, client: httpx.AsyncClient) -> Any:
        response = await client.get(url)
        return Reply((response.status_code, response.text), client)

    async def handle_info(self, message: Any, client: httpx.AsyncClient) -> Any:
        url, caller = message
        try:
            await client.get(url, timeout=0.05)
        except httpx.TimeoutException:
            process.send(caller, "late")
        return gen_server.NoReply(client)

    async def terminate(self, reason: object, client: httpx.AsyncClient) -> None:
        await client.aclose()


@asynccontextmanager
async def site() -> AsyncIterator[str]:
    """The address of a web server that is a process."""
    server = await gen_server.start(Site)
    assert server is not None
    yield await gen_server.call(server, "url")
    await gen_server.stop(server)


@Loops
@pytest.mark.parametrize("client", [AioHttp, Httpx])
def test_a_web_client_and_a_web_server_are_processes(client: type[GenServer[Any]], loop: str) -> None:
    async def main() -> None:
        async with site() as url:
            one = await gen_server.start(client)
            assert one is not None
            assert await gen_server.call(one, f"{url}/you", 30) == (200, "hello /you")
            process.send(one, (f"{url}/slow", process.self_()))
            assert await process.receive(timeout=30) == "late"
            assert await gen_server.call(one, f"{url}/again", 30) == (200, "hello /again")
            killed = process.spawn(gen_server.call, one, f"{url}/slow", None)
            await process.sleep(0.01)
            process.exit_(killed, "kill")
            process.exit_(one, "kill")  # while it waits for an answer
            await process.sleep(0.01)

    runtime.run(main, loop=loop)


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    """A PostgreSQL server."""
    if not postgres.available():
        pytest.skip("no PostgreSQL here")
    if postgres.GIVEN:
        yield postgres.GIVEN
        return
    cluster = postgres.Cluster()
    yield cluster.url
    cluster.remove()


class Db(GenServer[asyncpg.Pool]):
    """A pool of asyncpg in the state of a process."""

    async def init(self, options: dict[str, Any]) -> asyncpg.Pool:
        return await asyncpg.create_pool(**options, min_size=1, max_size=2, command_timeout=30)

    async def handle_call(self, request: Any, from_: object, pool: asyncpg.Pool) -> Any:
        sql, *args = request
        async with pool.acquire() as connection, connection.transaction():
            return Reply(await connection.fetchval(sql, *args), pool)

    async def terminate(self, reason: object, pool: asyncpg.Pool) -> None:
        await pool.close()


@Loops
def test_asyncpg_in_a_process(dsn: str, loop: str) -> None:
    parts = psycopg.conninfo.conninfo_to_dict(dsn)
    options = {"host": parts["host"], "user": parts["user"], "database": parts["dbname"]}

    async def main() -> None:
        db = await gen_server.start(Db, options)
        assert db is not None
        assert await gen_server.call(db, ("SELECT $1::int + 1", 41), 30) == 42

        async def sleeps() -> None:
            async with asyncio.timeout(0.05):
                await (await asyncpg.connect(**options)).execute("SELECT pg_sleep(1000)")

        _, ref = process.spawn_monitor(sleeps)
        down = await process.receive(lambda m: getattr(m, "ref", None) is ref, 30)
        assert down.reason.kind == "TimeoutError"
        assert await gen_server.call(db, ("SELECT $1::text", "goes on"), 30) == "goes on"
        await gen_server.stop(db)

    runtime.run(main, loop=loop)


async def anyio_scopes() -> None:
    with anyio.move_on_after(0.001) as scope:
        await process.receive(lambda _m: False)
    assert scope.cancelled_caught
    with pytest.raises(TimeoutError):
        with anyio.fail_after(0.001):
            await anyio.sleep(1000)
    with anyio.CancelScope() as cancelled:
        cancelled.cancel()
        await anyio.sleep(1000)
    with anyio.move_on_after(0.001), anyio.CancelScope(shield=True):
        await anyio.sleep(0.01)


async def anyio_groups() -> None:
    seen: list[int] = []

    async def adds(number: int) -> None:
        await anyio.sleep(0)
        seen.append(number)

    async with anyio.create_task_group() as group:
        for number in range(3):
            group.start_soon(adds, number)
    assert sorted(seen) == [0, 1, 2]
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep, 1000)
        group.cancel_scope.cancel()


async def anyio_rest() -> None:
    assert await anyio.to_thread.run_sync(lambda: 6 * 7) == 42
    lock, event = anyio.Lock(), anyio.Event()
    async with lock:
        event.set()
    await event.wait()
    send, receive = anyio.create_memory_object_stream[str](1)
    await send.send("through")
    assert await receive.receive() == "through"
    send.close()
    receive.close()
    assert anyio.get_current_task().name


@Loops
@pytest.mark.parametrize("body", [anyio_scopes, anyio_groups, anyio_rest], ids=lambda fn: fn.__name__)
def test_anyio_in_a_process(body: Any, loop: str) -> None:
    async def main() -> Any:
        _, ref = process.spawn_monitor(body)
        return (await process.receive(lambda m: getattr(m, "ref", None) is ref, 30)).reason

    assert runtime.run(main, loop=loop) == "normal"


class Holds(GenServer[Any]):
    """Holds a task group of anyio from init to terminate: entered in one callback, left in another."""

    async def init(self) -> Any:
        return await anyio.create_task_group().__aenter__()

    async def handle_call(self, number: int, from_: gen_server.From, group: Any) -> Any:
        async def answer() -> None:
            await anyio.sleep(0)
            gen_server.reply(from_, number * number)

        group.start_soon(answer)
        return gen_server.NoReply(group)

    async def terminate(self, reason: object, group: Any) -> None:
        await group.__aexit__(None, None, None)


def test_a_group_of_tasks_in_the_state_of_a_process() -> None:
    async def main() -> None:
        server = await gen_server.start(Holds)
        assert server is not None
        assert await asyncio.gather(*(gen_server.call(server, n, 30) for n in range(3))) == [0, 1, 4]
        await gen_server.stop(server)

    runtime.run(main)
