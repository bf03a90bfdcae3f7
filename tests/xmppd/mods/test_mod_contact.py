"""test_mod_contact — whom to write to, in the server's disco#info.

Way:  xmppd.mods.mod_contact, by the wire
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import caps, dataforms, ns
from xmpp_core.element import Element
from xmppd.gen_mod import ModError
from xmppd.gen_mod_config import options_of
from xmppd.mods import mod_contact
from xmppd.mods.mod_contact import Options, forms, problem
from xmppd.testing.thread import ThreadServer, serve_in_thread

INFO = f"<iq type='get' id='d' to='{{}}'><query xmlns='{ns.DISCO_INFO}'{{}}/></iq>"
SOME = {
    "abuse": ["mailto:abuse@localhost", "xmpp:abuse@localhost"],
    "support": ["https://localhost/help"],
    "outage": ["https://elsewhere.example/status.json"],
}


def info_of(server: ThreadServer, to: str = "localhost", more: str = "") -> Element:
    query = server.client("romeo").ask(INFO.format(to, more)).child("query", ns.DISCO_INFO)
    assert query is not None
    return query


def test_the_server_says_whom_to_write_to() -> None:
    with serve_in_thread(modules={"mod_contact": SOME}) as xmppd:
        query = info_of(xmppd)
        found = dataforms.find(query, ns.SERVER_INFO)
        assert found is not None
        assert found.type == "result"
        assert {field.var: field.values for field in found.fields} == {
            "FORM_TYPE": (ns.SERVER_INFO,),
            "abuse-addresses": ("mailto:abuse@localhost", "xmpp:abuse@localhost"),
            "support-addresses": ("https://localhost/help",),
        }
        assert [child.name for child in query.elements()][-2:] == ["x", "x"], "behind identities and features"


def test_where_an_outage_is_told_of() -> None:
    with serve_in_thread(modules={"mod_contact": SOME}) as xmppd:
        found = dataforms.find(info_of(xmppd), ns.OUTAGE)
        assert found is not None
        assert found.value("external-status-addresses") == "https://elsewhere.example/status.json"


def test_the_forms_are_part_of_what_the_servers_hash_is_of() -> None:
    host = "hash.localhost"  # what the server says of a host is remembered for a minute
    with serve_in_thread(hosts=(host,), modules={"mod_contact": SOME}) as xmppd:
        romeo = xmppd.client("romeo")
        whole = info_of(xmppd, host)
        node = f"https://xmppd.org#{caps.ver(whole)}"
        assert node.partition("#")[2] in romeo.seen, "in the features of the stream"
        again = info_of(xmppd, host, f" node='{node}'")
        assert caps.ver(again) == caps.ver(whole)
        assert dataforms.find(again, ns.SERVER_INFO) is not None


def test_there_is_nothing_without_addresses_nor_anywhere_else() -> None:
    with serve_in_thread() as xmppd:
        assert dataforms.find(info_of(xmppd)) is None
        assert dataforms.find(info_of(xmppd, "romeo@localhost")) is None


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"admin": ["admins@example.org"]}, 'did you mean "mailto:admins@example.org" or "xmpp:admins@example.org"'),
        ({"admin": ["xmpp:@example.org"]}, "xmpp:@example.org"),
        ({"abuse": "mailto:a@b"}, 'option "abuse" must be a list of texts'),
        ({"abuse": [1]}, 'option "abuse" must be a list of texts'),
        ({"outage": ["xmpp:a@b"]}, "must begin with https://"),
        ({"sales": [f"mailto:{n}@b" for n in range(mod_contact.MOST + 1)]}, "more than 20"),
        ({"admn": []}, 'did you mean "admin"'),
    ],
)
def test_what_is_no_address_is_refused_at_the_start(given_: dict[str, object], words: str) -> None:
    with pytest.raises(ModError, match=words.replace("?", r"\?")):
        options_of("mod_contact", given_)


@given(st.text(max_size=60))
def test_what_passes_is_a_uri_without_blanks(text: str) -> None:
    if not problem(text):
        assert ":" in text
        assert not any(c.isspace() for c in text)
        assert forms(Options(admin=(text,)))[0].child("field") is not None
