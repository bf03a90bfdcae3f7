"""The streams of a worker, all together."""

from otp.erts import process
from otp.stdlib import supervisor
from tests.support import node
from tests.support.server import config, serving
from xmppd.stream import c2s_sup
from xmppd.testing.client import Client
from xmppd.testing.server import serve


def test_a_stream_that_dies_is_not_started_again() -> None:
    async def body() -> None:
        async with serving(config(modules={})) as port:
            client = await Client.connect(port)
            await client.open()
            (child,) = await supervisor.which_children(c2s_sup.NAME)
            process.exit_(child.pid, "kill")  # type: ignore[arg-type]
            await client.gone()
            assert await supervisor.which_children(c2s_sup.NAME) == []

    node.run(body)


def test_all_are_told_of_the_end_and_waited_for() -> None:
    async def body() -> None:
        async with serving(config(modules={})) as port:
            clients = [await Client.connect(port) for _ in range(3)]
            for client in clients:
                await client.open()
            assert await c2s_sup.shut_down() == 0
            for client in clients:
                assert "<system-shutdown" in await client.gone()

    node.run(body)


def test_who_acknowledges_is_not_heard_any_more_before_the_end_and_says_it_again() -> None:
    async def body() -> None:
        async with serve() as server:
            plain, managed = await server.client("romeo", "plain"), await server.client("romeo", "managed")
            juliet = await server.client("juliet", "j")
            for client in (plain, managed, juliet):
                client.send("<presence/>")
            managed.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
            await managed.expect("<enabled")
            await c2s_sup.quiesce()
            for client, text in ((managed, "unheard"), (plain, "heard")):
                client.send(f"<message to='juliet@localhost/j' type='chat'><body>{text}</body></message>")
            await juliet.expect("<body>heard")
            await server.settle()
            assert "unheard" not in juliet.seen

    node.run(body)


def test_who_does_not_end_in_time_is_counted() -> None:
    async def body() -> None:
        async with serving(config(modules={})):

            async def deaf() -> None:
                await process.sleep(60)

            class Sup(supervisor.Supervisor):
                def init(self) -> supervisor.SupInit:
                    async def start() -> object:
                        return process.spawn_link(deaf)

                    spec = supervisor.ChildSpec("deaf", (start, ()), shutdown="brutal_kill")  # type: ignore[arg-type]
                    return supervisor.SupFlags(), [spec]

            await supervisor.start_link(Sup, name="deaf_sup")
            assert await c2s_sup.shut_down("deaf_sup", 0.01) == 1

    node.run(body)
