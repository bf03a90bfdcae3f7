"""Values of a login that may be printed."""

from xmpp_core.element import el
from xmpp_core.jid import JID
from xmppd.routing.login_hook_points import LoginFeatures, LoginHook


def test_what_opens_an_account_is_not_printed() -> None:
    point = LoginHook(JID("juliet", "localhost"), "", "PLAIN", el("authenticate", "", None, "a secret"), b"a token")
    assert "a secret" not in repr(point)
    assert "a token" not in repr(point)


def test_nothing_is_offered_unless_said() -> None:
    assert not any(LoginFeatures())
