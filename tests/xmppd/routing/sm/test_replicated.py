"""Who is waited for, and who takes part."""

from __future__ import annotations

from otp.erts import process
from tests.support import core_cluster
from tests.support.core_cluster import CoreCluster, call
from tests.support.core_server import CoreServer, play
from xmppd.routing.session import MACHINE
from xmppd.routing.sm import sm
from xmppd.routing.sm.directory import Directory
from xmppd.routing.sm.replicated import ReplicatedDirectory


def test_one_node_alone_waits_for_nobody_and_names_itself_in_its_rows() -> None:
    async def body(core: CoreServer) -> None:
        await core.login("romeo@localhost/r")
        assert sm.other_nodes() == set()
        (row,) = sm.sessions("romeo@localhost")
        assert (row.node, row.client, row.attached) == (f"{process.node()}@{MACHINE}", "", True)
        directory: Directory = ReplicatedDirectory()
        assert await directory.claim(row)
        assert sm.receiver_of_stored("romeo@localhost") is row.pid
        directory.release(row)

    play(body)


def test_a_node_without_sessions_is_in_the_mesh_under_any_name_and_nobody_waits_for_it() -> None:
    async def body(cluster: CoreCluster) -> None:
        await cluster.client("north", "romeo@localhost/r")
        await cluster.until("south", "romeo@localhost/r")
        assert await call("north", "others") == ["south"], "the node of this test is not among them"
        assert await call("south", "others") == ["north"]
        await call("north", "crash", "sm")
        await cluster.until("north", "romeo@localhost/r")
        assert await call("north", "others") == ["south"]

    core_cluster.run(body, "north", "south")


def test_a_session_that_was_replaced_is_gone_for_all() -> None:
    async def body(cluster: CoreCluster) -> None:
        old = await cluster.client("w1", "romeo@localhost/r")
        await cluster.until("w3", old.jid)
        new = await cluster.client("w2", "romeo@localhost/r")
        await new.do("close")
        for name in ("w1", "w2", "w3"):
            await cluster.until(name)

    core_cluster.run(body, "w1", "w2", "w3")
