"""test_mod_extdisco — services elsewhere, and what lets a user in there.

Way:  xmppd.mods.mod_extdisco, by the wire
"""

from __future__ import annotations

import logging

import pytest

from xmpp_core import ns
from xmpp_core.element import Element
from xmppd.gen_mod import ModError
from xmppd.gen_mod_config import options_of
from xmppd.testing.thread import serve_in_thread

SECRET = "north wind"
TURN = {"type": "turn", "host": "turn.example.org", "transport": "udp", "secret": SECRET}
STUN = {"type": "stun", "host": "2001:db8::1", "port": 3479, "transport": "udp"}
FTP = {"type": "ftp", "host": "ftp.example.org", "username": "guest", "password": "open", "name": "Files"}
HAS = {"mod_extdisco": {"services": [TURN, STUN, FTP], "credentials_seconds": 3600}}
SERVICES = f"<iq type='get' id='s' to='{{}}'><services xmlns='{ns.EXTDISCO}'{{}}/></iq>"
CREDENTIALS = f"<iq type='get' id='c' to='localhost'><credentials xmlns='{ns.EXTDISCO}'>{{}}</credentials></iq>"
INFO = f"<iq type='get' id='d' to='localhost'><query xmlns='{ns.DISCO_INFO}'/></iq>"


def told(answer: Element) -> list[dict[str, str | None]]:
    """The attributes of each <service/>."""
    assert answer.get("type") == "result", answer.to_xml("")
    inner = answer.first()
    assert inner is not None
    names = ("type", "host", "port", "transport", "name", "restricted", "username", "password", "expires")
    return [
        {name: one.get(name) for name in names if one.get(name) is not None}
        for one in inner.elements("service", ns.EXTDISCO)
    ]


def condition(answer: Element) -> str:
    error = answer.child("error")
    assert error is not None, answer.to_xml("")
    return next(one.name for one in error.elements())


def test_all_services_with_what_lets_the_user_in() -> None:
    with serve_in_thread(modules=HAS) as xmppd:
        romeo = xmppd.client("romeo")
        assert f"<feature var='{ns.EXTDISCO}'/>" in romeo.ask(INFO).to_xml("")
        turn, stun, ftp = told(romeo.ask(SERVICES.format("localhost", "")))
        expires, _, user = (turn.pop("username") or "").partition(":")
        assert user == "romeo"
        assert abs(int(expires) - xmppd.clock.now().timestamp() - 3600) < 60
        assert turn.pop("password")
        assert (turn.pop("expires") or "").endswith("Z")
        assert turn == {
            "type": "turn", "host": "turn.example.org", "port": "3478", "transport": "udp", "restricted": "true"
        }  # fmt: skip
        assert stun == {"type": "stun", "host": "2001:db8::1", "port": "3479", "transport": "udp"}
        assert ftp == {
            "type": "ftp", "host": "ftp.example.org", "name": "Files", "restricted": "true", "username": "guest",
            "password": "open",
        }  # fmt: skip


def test_those_of_a_type() -> None:
    with serve_in_thread(modules=HAS) as xmppd:
        romeo = xmppd.client("romeo")
        answer = romeo.ask(SERVICES.format("localhost", " type='stun'"))
        assert [one["type"] for one in told(answer)] == ["stun"]
        inner = answer.first()
        assert inner is not None
        assert inner.get("type") == "stun"
        assert told(romeo.ask(SERVICES.format("localhost", " type='sip'"))) == []


def test_credentials_are_asked_for() -> None:
    with serve_in_thread(modules=HAS) as xmppd:
        romeo = xmppd.client("romeo")
        asked = CREDENTIALS.format("<service host='turn.example.org' type='turn'/>")
        (turn,) = told(romeo.ask(asked))
        assert turn["username"]
        xmppd.clock.advance(100)
        (later,) = told(romeo.ask(asked))
        assert later["username"] != turn["username"]
        assert later["password"] != turn["password"]
        for wrong in ("host='turn.example.org' type='stun'", "host='2001:db8::1' type='stun'", "host='x' type='turn'",
                      "host='turn.example.org' type='turn' port='1'"):  # fmt: skip
            assert condition(romeo.ask(CREDENTIALS.format(f"<service {wrong}/>"))) == "item-not-found"
        assert condition(romeo.ask(CREDENTIALS.format(""))) == "bad-request"
        assert condition(romeo.ask(CREDENTIALS.format("<service host='turn.example.org'/>"))) == "bad-request"


def test_only_users_of_the_host_are_told() -> None:
    with serve_in_thread(hosts=("localhost", "other.localhost"), modules=HAS, components={"c.localhost": "s"}) as xmppd:
        xmppd.account("romeo")
        assert condition(xmppd.client("romeo@other.localhost").ask(SERVICES.format("localhost", ""))) == "forbidden"
        component = xmppd.component("c.localhost")
        component.send(SERVICES.format("localhost", "").replace("<iq", "<iq from='c.localhost'", 1))
        assert "<forbidden " in component.expect("<iq.*?</iq>")


def test_without_services_there_is_no_trace_of_it() -> None:
    with serve_in_thread() as xmppd:
        romeo = xmppd.client("romeo")
        assert ns.EXTDISCO not in romeo.ask(INFO).to_xml("")
        assert condition(romeo.ask(SERVICES.format("localhost", ""))) == "service-unavailable"


def test_no_secret_is_in_the_log_nor_in_what_a_crash_would_show(caplog: pytest.LogCaptureFixture) -> None:
    with serve_in_thread(modules=HAS) as xmppd:
        caplog.set_level(logging.DEBUG)
        mod = xmppd.mod("mod_extdisco")
        (turn, *_) = told(xmppd.client("romeo").ask(SERVICES.format("localhost", "")))
        assert SECRET not in repr(mod)
        assert SECRET not in repr(mod.options)
        assert SECRET not in caplog.text
        assert (turn["password"] or "") not in caplog.text


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"services": [TURN | {"transport": "sctp"}]}, "number 1: transport must be one of udp, tcp"),
        ({"services": [STUN, {"type": "turn"}]}, 'number 2: "host" is missing'),
        ({"services": ["turn.example.org"]}, 'option "services" must be a list of tables'),
        ({"services": [], "credentials_seconds": 1}, "credentials_seconds must be"),
    ],
)
def test_what_cannot_be_is_refused_at_the_start_without_the_secret(given_: dict[str, object], words: str) -> None:
    with pytest.raises(ModError, match=words) as error:
        options_of("mod_extdisco", given_)
    assert SECRET not in str(error.value)
