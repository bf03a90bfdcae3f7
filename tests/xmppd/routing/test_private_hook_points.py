"""The hook points of private XML."""

from xmpp_core.element import el
from xmpp_core.jid import JID
from xmppd.routing.private_hook_points import PrivateGetHook, PrivateSetHook, PrivateStoredHook


def test_what_is_kept_is_in_no_report_and_who_refuses_is_heard() -> None:
    romeo = JID.parse("romeo@localhost")
    point = PrivateSetHook(romeo, el("n", "notes", None, "secret"))
    assert "secret" not in repr(point)
    assert PrivateSetHook.NEEDED
    assert PrivateGetHook.NEEDED
    assert not PrivateStoredHook.NEEDED
