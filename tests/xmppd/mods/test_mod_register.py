"""Accounts made, changed and removed in band."""

from __future__ import annotations

import dataclasses

import pytest

from tests.support.core_server import CoreServer, config_of, play
from tests.support.node import until
from xmpp_core import parser, stanza
from xmpp_core.stanza import Iq
from xmppd.auth import auth, throttle
from xmppd.config.schema import Config, Registration
from xmppd.routing import hooks
from xmppd.routing.deliver import Kick
from xmppd.routing.hook_points import C2sUnauthenticatedIqHook, StreamFeaturesHook
from xmppd.routing.sm import sm
from xmppd.testing.clock import MovableClock

QUERY = "<query xmlns='jabber:iq:register'>{}</query>"
ME = "<username>romeo</username><password>wherefore</password>"


async def stranger(type_: str, content: str = "", safe: bool = True, ip: str = "") -> str:
    """What a stream that has not logged in is answered."""
    el = parser.parse_document(f"<iq xmlns='jabber:client' type='{type_}' id='r'>{QUERY.format(content)}</iq>")
    iq = stanza.from_element(el)
    assert isinstance(iq, Iq)
    answer = await hooks.run_fold("localhost", C2sUnauthenticatedIqHook("localhost", iq, ip, safe), None)
    assert answer is not None
    return answer.to_xml()


def test_closed_by_default() -> None:
    async def body(core: CoreServer) -> None:
        assert "<not-allowed " in await stranger("get")
        assert "<not-allowed " in await stranger("set", ME)
        assert not await auth.user_exists("romeo", "localhost")
        features = await hooks.run_fold("localhost", StreamFeaturesHook("localhost", safe=True), ())
        assert [f.name for f in features] == []

    play(body)


def test_open_to_strangers() -> None:
    async def body(core: CoreServer) -> None:
        features = await hooks.run_fold("localhost", StreamFeaturesHook("localhost", safe=True), ())
        assert [f.name for f in features] == ["register"]
        form = await stranger("get")
        assert "<instructions>" in form
        assert "<username/><password/><x xmlns='jabber:x:data' type='form'>" in form
        assert "type='result'" in await stranger("set", ME)
        assert await auth.check_plain("romeo", "localhost", "wherefore")
        assert "<conflict " in await stranger("set", ME)
        assert "<not-acceptable " in await stranger("set", "<username>x</username>")
        assert "<jid-malformed " in await stranger("set", "<username>a b</username><password>x</password>")
        fields = "".join(f"<field var='{v}'><value>juliet</value></field>" for v in ("username", "password"))
        assert "type='result'" in await stranger("set", f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>")
        assert await auth.check_plain("juliet", "localhost", "juliet")

    play(body, config_of(registration=True))


@pytest.mark.parametrize("name", ["admin", "Admin"])
def test_the_name_of_an_administrator_is_nobodys(name: str) -> None:
    """A stranger would command the server by it; and is not told that it is such a name."""

    async def body(core: CoreServer) -> None:
        taken = await stranger("set", ME.replace("romeo", name))
        assert "<conflict " in taken
        assert "that name is taken" in taken
        assert not await auth.list_users("localhost")
        assert "type='result'" in await stranger("set", ME)
        assert (await stranger("set", ME)).replace("romeo", name) == taken

    play(body, dataclasses.replace(config_of(registration=True), admins=("admin@localhost",)))


def test_a_new_password() -> None:
    async def body(core: CoreServer) -> None:
        await auth.create_user("romeo", "localhost", "old")
        romeo = await core.login("romeo@localhost/r")
        assert "<registered/>" in await romeo.ask(f"<iq type='get' id='1' to='localhost'>{QUERY.format('')}</iq>")
        answer = await romeo.ask(f"<iq type='set' id='2' to='localhost'>{QUERY.format(ME)}</iq>")
        assert "type='result'" in answer
        assert await auth.check_plain("romeo", "localhost", "wherefore")
        other = ME.replace("romeo", "juliet")
        assert "<forbidden " in await romeo.ask(f"<iq type='set' id='3' to='localhost'>{QUERY.format(other)}</iq>")

    play(body)


def new(number: int) -> str:
    return f"<username>new{number}</username><password>secret</password>"


def limited(rate: int | None) -> Config:
    return dataclasses.replace(config_of(registration=True), registration=Registration(open=True, rate=rate))


@pytest.mark.parametrize(
    ("ips", "rate", "made"),
    [
        (["192.0.2.1"] * 6, 4, 4),
        (["2001:db8:0:7::1", "2001:db8:0:7:9::9"] * 3, 3, 3),
        (["192.0.2.2", "::ffff:192.0.2.2"] * 3, 2, 2),
        ([f"192.0.2.{n}" for n in range(10, 16)], 1, 6),
        (["127.0.0.1", "::1", "::ffff:127.0.0.9"] * 2, 1, 6),
        (["192.0.2.3"] * 6, None, 6),
    ],
)
def test_an_address_makes_so_many_accounts_an_hour(ips: list[str], rate: int | None, made: int) -> None:
    async def body(core: CoreServer) -> None:
        throttle.hourly.cache_clear()
        answers = [await stranger("set", new(n), ip=ip) for n, ip in enumerate(ips)]
        assert ["type='result'" in answer for answer in answers] == [True] * made + [False] * (len(ips) - made)
        assert all("type='wait'><resource-constraint " in answer for answer in answers[made:])
        assert len(await auth.list_users("localhost")) == made

    play(body, limited(rate))


def test_to_try_names_that_are_taken_counts_as_well() -> None:
    async def body(core: CoreServer) -> None:
        throttle.hourly.cache_clear()
        await auth.create_user("new0", "localhost", "secret")
        answers = [await stranger("set", new(0), ip="192.0.2.1") for _ in range(4)]
        assert ["<conflict " in answer for answer in answers] == [True, True, False, False]

    play(body, limited(2))


def test_after_an_hour_an_address_has_its_whole_share_again() -> None:
    async def body(core: CoreServer) -> None:
        throttle.hourly.cache_clear()
        made = 0
        for wait in (0, 1800, 3600, 7200):
            await MovableClock().advance(wait)
            answers = [await stranger("set", new(made + n), ip="192.0.2.1") for n in range(3)]
            made += sum("type='result'" in answer for answer in answers)
            told.append(made)

    told: list[int] = []
    play(body, limited(2))
    assert told == [2, 3, 5, 7]


def test_a_password_is_changed_so_often_an_hour() -> None:
    async def body(core: CoreServer) -> None:
        throttle.hourly.cache_clear()
        romeo = await core.login("romeo@localhost/r")
        assert romeo.session is not None
        romeo.session.entry = romeo.session.entry._replace(info=(("ip", "192.0.2.1"),))
        asked = [await romeo.ask(f"<iq type='set' id='{n}' to='localhost'>{QUERY.format(ME)}</iq>") for n in "123"]
        assert ["type='result'" in answer for answer in asked] == [True, True, False]
        assert "<resource-constraint " in asked[2]

    play(body, limited(2))


def test_no_password_goes_over_a_stream_without_tls() -> None:
    async def body(core: CoreServer) -> None:
        features = await hooks.run_fold("localhost", StreamFeaturesHook("localhost"), ())
        assert features == ()
        assert "<not-authorized " in await stranger("set", ME, safe=False)
        assert not await auth.user_exists("romeo", "localhost")
        romeo = await core.login("romeo@localhost/r")
        assert romeo.session is not None
        romeo.session.safe = False
        assert "<not-authorized " in await romeo.ask(f"<iq type='set' id='2' to='localhost'>{QUERY.format(ME)}</iq>")
        assert not await auth.check_plain("romeo", "localhost", "wherefore")

    play(body, config_of(registration=True))


def test_the_end_of_an_account() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        phone = await core.login("romeo@localhost/phone")
        await core.friends(romeo, juliet)
        answer = await romeo.ask(f"<iq type='set' id='1'>{QUERY.format('<remove/>')}</iq>")
        assert "type='result'" in answer
        await until(lambda: romeo.ended and phone.ended)
        assert isinstance(phone.ended, Kick)
        assert sm.sessions("romeo@localhost") == ()
        assert not await auth.user_exists("romeo", "localhost")
        roster = await juliet.ask("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>")
        assert "jid='romeo@localhost' subscription='none'" in roster
        assert any("type='unsubscribed'" in text for text in juliet.texts())

    play(body)
