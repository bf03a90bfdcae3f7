"""What modules publish of a session: seen on every node, kept by a restart of sm, gone with the session."""

from __future__ import annotations

import pytest

from otp.erts.pid import intern
from tests.support import core_cluster
from tests.support.core_cluster import CoreCluster, call
from xmpp_core.jid import JID
from xmppd.routing.published import MOST_BYTES, Published
from xmppd.routing.session import Session

COPIES = Published("copies", False)
CAPS = Published("caps", "")


def row() -> Session:
    return Session(JID.parse("romeo@localhost/r"), intern("w1", 1, 1), (1, 1))


def test_a_value_is_read_from_the_row_and_the_default_takes_no_room() -> None:
    one = row()
    assert (COPIES.of(one), CAPS.of(one)) == (False, "")
    one = one._replace(published=COPIES.pairs(one, True))
    one = one._replace(published=CAPS.pairs(one, "sha-1"))
    assert (COPIES.of(one), CAPS.of(one), one.published) == (True, "sha-1", (("caps", "sha-1"), ("copies", True)))
    one = one._replace(published=COPIES.pairs(one, False))
    assert one.published == (("caps", "sha-1"),)


def test_only_small_values_of_the_declared_type_are_published() -> None:
    one = row()
    with pytest.raises(ValueError, match="caps is to be a str of at most 256 bytes"):
        CAPS.pairs(one, "x" * MOST_BYTES)
    with pytest.raises(ValueError, match="copies is to be a bool"):
        COPIES.pairs(one, 1)  # type: ignore[arg-type]


def test_it_is_seen_on_other_nodes_survives_a_restart_of_sm_and_goes_with_the_session() -> None:
    async def body(cluster: CoreCluster) -> None:
        romeo = await cluster.client("w1", "romeo@localhost/r")
        await cluster.until("w2", romeo.jid)
        assert await call("w2", "published", romeo.jid) == ""
        await romeo.do("publish", "sha-1")
        assert await call("w2", "published", romeo.jid) == "sha-1", "every node knows once it is published"
        for name in ("w2", "w1"):
            await call(name, "crash", "sm")
            await cluster.until("w1", romeo.jid)
            await cluster.until("w2", romeo.jid)
            assert [await call(node, "published", romeo.jid) for node in ("w1", "w2")] == ["sha-1"] * 2
        await romeo.do("close")
        await cluster.client("w2", romeo.jid)
        await cluster.until("w1", romeo.jid)
        assert await call("w1", "published", romeo.jid) == "", "a new session has published nothing"

    core_cluster.run(body, "w1", "w2")
