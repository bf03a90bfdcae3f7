"""The order of what sessions get, and who gets it."""

from tests.support.core_server import CoreServer, play
from xmpp_core.jid import JID
from xmpp_core.stanza import make_presence
from xmpp_core.subscription import AutoReply, Push, ShowToOwner
from xmppd.mods.roster import records
from xmppd.mods.roster.perform import perform
from xmppd.mods.roster.transitions import Step

ROMEO, JULIET = JID.parse("romeo@localhost"), JID.parse("juliet@localhost")


def test_requests_go_to_the_available_answers_to_the_interested() -> None:
    async def body(core: CoreServer) -> None:
        available = await core.login("romeo@localhost/available", roster=False)
        interested = await core.login("romeo@localhost/interested", presence=None)
        blank = records.blank(ROMEO, JULIET)
        effects = (ShowToOwner("subscribe"), ShowToOwner("subscribed"), Push())
        original = make_presence(ROMEO, type_="subscribed", id_="mine", from_=JULIET)
        await perform([Step(ROMEO, JULIET, effect, blank) for effect in effects], original)
        await core.settle()
        (request,) = available.take()
        assert request == "<presence type='subscribe' from='juliet@localhost' to='romeo@localhost'/>"
        answer, push = interested.take()
        assert "id='mine'" in answer
        assert "<item jid='juliet@localhost' subscription='none'/>" in push
        assert "from='romeo@localhost' to='romeo@localhost/interested'" in push

    play(body)


def test_a_reply_of_the_server_carries_nothing_of_the_clients() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        await romeo.send("<presence type='subscribe' to='juliet@elsewhere'/>")
        romeo.take()
        elsewhere = JID.parse("juliet@elsewhere")
        await perform([Step(ROMEO, elsewhere, AutoReply("unsubscribed"), records.blank(ROMEO, elsewhere))])
        assert romeo.take() == [], "an error about it would be noise"

    play(body)
