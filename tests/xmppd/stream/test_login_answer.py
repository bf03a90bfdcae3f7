"""The answer that waits for a resumed session."""

from xmpp_core import ns
from xmpp_core.element import el
from xmppd.stream.login_answer import LoginAnswer


def test_all_that_was_said_stands_in_it() -> None:
    answer = LoginAnswer(b"v=1", (el("token", ns.FAST),)).around("juliet@localhost/x", el("resumed", ns.SM))
    names = [child.name for child in answer.elements()]
    assert names == ["additional-data", "authorization-identifier", "token", "resumed"]
