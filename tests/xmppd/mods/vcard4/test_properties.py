"""What a card says, both ways."""

from __future__ import annotations

import pytest

from xmpp_core import parser
from xmppd.mods.vcard4.properties import PROPERTIES

OLD = "<vCard xmlns='vcard-temp'>{}</vCard>"
NEW = "<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'>{}</vcard>"
TABLE = {prop.new: prop for prop in PROPERTIES}


def both(name: str, old: str, new: str) -> tuple[str, str]:
    """(what `old` is in the newer form, what `new` is in the older one)."""
    prop = TABLE[name]
    olds = parser.parse_written(OLD.format(old)).elements()
    news = parser.parse_written(NEW.format(new)).elements()
    to_new = "".join(one.to_xml("urn:ietf:params:xml:ns:vcard-4.0") for element in olds for one in prop.to_new(element))
    to_old = "".join(one.to_xml("vcard-temp") for element in news for one in prop.to_old(element))
    return to_new, to_old


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("fn", "<FN>Peter</FN>", "<fn><text>Peter</text></fn>"),
        ("n", "<N><FAMILY>A</FAMILY><GIVEN>P</GIVEN><MIDDLE>M</MIDDLE></N>",
         "<n><surname>A</surname><given>P</given><additional>M</additional></n>"),
        ("bday", "<BDAY>1966-08-06</BDAY>", "<bday><date>1966-08-06</date></bday>"),
        ("bday", "<BDAY>in May</BDAY>", "<bday><text>in May</text></bday>"),
        ("adr", "<ADR><WORK/><PREF/><STREET>Wynkoop</STREET><PCODE>80202</PCODE><CTRY>USA</CTRY></ADR>",
         "<adr><parameters><type><text>work</text></type><pref><integer>1</integer></pref></parameters>"
         "<street>Wynkoop</street><code>80202</code><country>USA</country></adr>"),
        ("tel", "<TEL><WORK/><VOICE/><NUMBER>+1-303-308</NUMBER></TEL>",
         "<tel><parameters><type><text>work</text><text>voice</text></type></parameters>"
         "<uri>tel:+1-303-308</uri></tel>"),
        ("tel", "<TEL><NUMBER>ask for me</NUMBER></TEL>", "<tel><text>ask for me</text></tel>"),
        ("email", "<EMAIL><HOME/><USERID>p@x.org</USERID></EMAIL>",
         "<email><parameters><type><text>home</text></type></parameters><text>p@x.org</text></email>"),
        ("impp", "<JABBERID>p@x.org</JABBERID>", "<impp><uri>xmpp:p@x.org</uri></impp>"),
        ("geo", "<GEO><LAT>39.59</LAT><LON>-105.01</LON></GEO>", "<geo><uri>geo:39.59,-105.01</uri></geo>"),
        ("org", "<ORG><ORGNAME>XSF</ORGNAME><ORGUNIT>Council</ORGUNIT></ORG>",
         "<org><text>XSF</text><text>Council</text></org>"),
        ("categories", "<CATEGORIES><KEYWORD>a</KEYWORD></CATEGORIES>", "<categories><text>a</text></categories>"),
        ("note", "<DESC>more</DESC>", "<note><text>more</text></note>"),
        ("url", "<URL>https://x.org/</URL>", "<url><uri>https://x.org/</uri></url>"),
    ],
)  # fmt: skip
def test_each_is_the_other(name: str, old: str, new: str) -> None:
    assert both(name, old, new) == (new, old)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("fn", "<FN/>", "<fn/>"),
        ("n", "<N><FAMILY> </FAMILY></N>", "<n><surname/></n>"),
        ("tel", "<TEL><HOME/></TEL>", "<tel><parameters/></tel>"),
        ("email", "<EMAIL/>", "<email><text/></email>"),
        ("impp", "<JABBERID/>", "<impp><uri>sip:p@x.org</uri></impp>"),
        ("impp", "<JABBERID> </JABBERID>", "<impp><text>p@x.org</text></impp>"),
        ("geo", "<GEO><LAT>north</LAT></GEO>", "<geo><uri>geo:here</uri></geo>"),
        ("org", "<ORG/>", "<org/>"),
        ("categories", "<CATEGORIES/>", "<categories/>"),
        ("bday", "<BDAY/>", "<bday><x/></bday>"),
    ],
)
def test_what_says_nothing_becomes_nothing(name: str, old: str, new: str) -> None:
    assert both(name, old, new) == ("", "")


def test_several_texts_are_several_elements() -> None:
    assert both("nickname", "", "<nickname><text>a</text><text>b</text></nickname>")[1] == (
        "<NICKNAME>a</NICKNAME><NICKNAME>b</NICKNAME>"
    )
    assert (
        both("note", "<NOTE>a</NOTE><DESC>b</DESC>", "")[0] == "<note><text>a</text></note><note><text>b</text></note>"
    )
