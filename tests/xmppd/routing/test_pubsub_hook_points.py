"""The hook points of publish-subscribe."""

from xmpp_core.jid import JID
from xmppd.routing.hook_kinds import Run
from xmppd.routing.pubsub_hook_points import PubsubPublishedHook, PubsubRetractedHook


def test_they_tell_and_ask_nothing() -> None:
    romeo = JID.parse("romeo@localhost")
    published = PubsubPublishedHook(romeo, "n", "1", None, "open")
    retracted = PubsubRetractedHook(romeo, "n", ("1",))
    assert isinstance(published, Run)
    assert isinstance(retracted, Run)
    assert not published.by_server
    assert not retracted.gone
