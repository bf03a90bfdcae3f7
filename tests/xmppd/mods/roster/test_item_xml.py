"""A contact as text."""

from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.subscription import In, Out
from xmppd.mods.roster import item_xml, view
from xmppd.mods.roster.tables import RosterItem

AXES = (st.sampled_from([o.value for o in Out]), st.sampled_from([i.value for i in In]))


@given(st.builds(RosterItem, *[st.text(min_size=1)] * 4, st.tuples(st.text(min_size=1)), *AXES, st.booleans()))
def test_text_and_tree_say_the_same(record: RosterItem) -> None:
    assert item_xml.text(record) == view.element(record).to_xml("jabber:iq:roster")
