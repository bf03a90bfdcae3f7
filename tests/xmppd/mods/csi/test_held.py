"""held — in the order in which they came, of each key the last, and the size of what is there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.stanza import make_message
from xmppd.mods.csi.held import HeldStanza, HeldStanzas

KEYS = st.sampled_from([(), ("a",), ("b",), ("c", "1")])


@given(st.lists(st.tuples(KEYS, st.integers(0, 100)), max_size=30))
def test_it_is_what_a_list_would_be(puts: list[tuple[tuple[str, ...], int]]) -> None:
    held, model = HeldStanzas(), list[tuple[tuple[str, ...], int]]()
    for key, size in puts:
        gone = [one for one in model if key and one[0] == key]
        assert held.put(key, HeldStanza(make_message(None, "x"), size, 0.0)) == bool(gone)
        model = [one for one in model if one not in gone or not key] + [(key, size)]
        assert (len(held), held.octets) == (len(model), sum(size for _, size in model))
    assert [one.size for one in held.take()] == [size for _, size in model]
    assert (len(held), held.octets, held.take()) == (0, 0, [])


def test_what_people_write_is_not_in_its_repr() -> None:
    assert "secret" not in repr(HeldStanza(make_message(None, "secret"), 1, 0.0))
