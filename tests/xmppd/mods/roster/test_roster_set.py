"""What a roster set may ask for."""

import pytest

from xmpp_core import parser
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmppd.mods.roster import roster_set
from xmppd.mods.roster.roster_set import RosterSet


def read(content: str) -> RosterSet:
    return roster_set.read(parser.parse_document(f"<query xmlns='jabber:iq:roster'>{content}</query>"), 10, 2)


def test_only_name_and_groups_are_the_clients() -> None:
    attrs = "name='J' subscription='both' ask='subscribe' approved='true'"
    asked = read(f"<item jid='J@localhost/r' {attrs}><group>a</group></item>")
    assert asked == RosterSet(JID.parse("j@localhost"), "J", ("a",))
    removal = "<item jid='j@localhost' name='x' subscription='remove'/>"
    assert read(removal) == RosterSet(JID.parse("j@localhost"), remove=True)


@pytest.mark.parametrize(
    ("content", "condition"),
    [
        ("<item jid='j@localhost' name='12345678901'/>", "not-acceptable"),
        ("<item jid='j@localhost'><group>12345678901</group></item>", "not-acceptable"),
        ("<item jid='j@localhost'><group>a</group><group>b</group><group>c</group></item>", "not-acceptable"),
        ("<item xmlns='other' jid='j@localhost'/>", "bad-request"),
        ("<item jid=''/>", "bad-request"),
    ],
)
def test_limits(content: str, condition: str) -> None:
    with pytest.raises(StanzaError) as caught:
        read(content)
    assert caught.value.condition == condition
