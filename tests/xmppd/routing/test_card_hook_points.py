"""The hook points of cards."""

from xmpp_core.element import el
from xmpp_core.jid import JID
from xmppd.routing.card_hook_points import CardChangeHook, CardWrittenHook
from xmppd.routing.hook_kinds import Fold, Run


def test_one_tells_and_the_other_asks() -> None:
    romeo = JID.parse("romeo@localhost")
    written = CardWrittenHook(romeo, el("vCard", "vcard-temp", None, el("FN", "vcard-temp", None, "Montague")))
    assert isinstance(written, Run)
    assert not written.by_server
    assert "Montague" not in repr(written)
    change = CardChangeHook(romeo, lambda card: None)
    assert isinstance(change, Fold)
    assert not change.NEEDED
