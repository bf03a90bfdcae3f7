"""Where an account's stages run: every node comes to the same answer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otp.erts.pid import intern
from otp.kernel import pg
from tests.support import node
from xmpp_core.jid import JID
from xmppd.routing.account import home
from xmppd.routing.session import Session

NODES = ("test", "a", "b", "c")


def row(number: int, where: str) -> Session:
    return Session(JID.parse(f"juliet@localhost/{number}"), intern(where, 1, number), (number, number))


@given(st.lists(st.sampled_from(NODES), min_size=1, max_size=5), st.randoms())
def test_the_node_of_the_oldest_session_however_the_table_is_sorted(where: list[str], random: object) -> None:
    rows = [row(number, name) for number, name in enumerate(where, 1)]
    random.shuffle(rows)  # type: ignore[attr-defined]
    asked: list[str] = []

    async def body() -> None:
        await pg.start_link()
        found = home.home_of("juliet@localhost", rows)
        asked.append("here" if found is None else found.node)

    node.run(body)
    assert asked == ["here"], "a node without an accounts process is no home: this one does it"


def test_without_sessions_all_nodes_agree_and_all_have_a_share(monkeypatch: object) -> None:
    members = [intern(name, 1, 1) for name in NODES]
    monkeypatch.setattr(pg, "get_members", lambda group: members)  # type: ignore[attr-defined]
    homes = {}

    async def body() -> None:
        for number in range(200):
            found = home.home_of(f"u{number}@localhost", ())
            homes[number] = "test" if found is None else found.node

    node.run(body)
    assert {name: list(homes.values()).count(name) >= 20 for name in NODES} == dict.fromkeys(NODES, True)
    gone = {number: name for number, name in homes.items() if name == "c"}
    members.pop()
    before = dict(homes)
    node.run(body)
    assert all(homes[n] == before[n] for n in homes if n not in gone), "only who was there moves when a node goes"
