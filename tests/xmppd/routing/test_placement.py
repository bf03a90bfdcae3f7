"""Rendezvous hashing: even shares, and only what a node had moves when it goes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xmppd.routing.placement import node_for

NAMES = st.lists(st.text("w0123456789", min_size=1, max_size=4), min_size=2, max_size=8, unique=True)


@given(NAMES, st.text(), st.randoms())
def test_all_come_to_the_same_whatever_the_order(nodes: list[str], key: str, random: object) -> None:
    chosen = node_for(key, nodes)
    random.shuffle(nodes)  # type: ignore[attr-defined]
    assert node_for(key, nodes) == chosen
    rest = [name for name in nodes if name != chosen]
    assert all(node_for(key, [chosen, name]) == chosen for name in rest), "the others do not matter"


def test_even_shares() -> None:
    nodes = ["w1", "w2", "w3", "w4"]
    homes = [node_for(f"user{number}@localhost", nodes) for number in range(2000)]
    assert all(400 <= homes.count(name) <= 600 for name in nodes), {name: homes.count(name) for name in nodes}
