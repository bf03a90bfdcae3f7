"""XEP-0198: what is refused, with which words, and what goes on all the same."""

from __future__ import annotations

import re

import pytest

from tests.support import node
from tests.support.sm_client import BIND, ENABLE, SM, back, detached, enabled, message
from xmpp_core.stream_management import MASK
from xmppd.routing.sm import sm
from xmppd.testing.server import serve

BAD = ["", " ", "-1", "+1", "1.5", "0x1", "4294967296", "99999999999999999999999", "one", "1 2", "٣", "0" * 5000]


def test_before_it_binds_a_client_cannot_enable_it_and_may_bind_then() -> None:
    async def body() -> None:
        async with serve() as server:
            await server.account("alice")
            alice = await server.connect()
            await alice.plain("alice", "secret")
            await alice.open()
            for nonza in (ENABLE, f"<r xmlns='{SM}'/>", f"<a xmlns='{SM}' h='0'/>"):
                alice.send(nonza)
                await alice.expect(f"<failed xmlns='{SM}'><unexpected-request [^>]*/></failed>")
            alice.send(BIND)
            await alice.expect("<jid>")

    node.run(body)


def test_the_feature_is_offered_after_the_login_and_not_before() -> None:
    async def body() -> None:
        async with serve() as server:
            await server.account("alice")
            alice = await server.connect()
            login, _, rest = (await alice.open()).partition("</authentication>")
            assert f"<feature var='{SM}'/>" in login, "with the login it may be asked for at once"
            assert SM not in rest
            alice = await server.connect()
            await alice.plain("alice", "secret")
            assert f"<sm xmlns='{SM}'/>" in await alice.open()

    node.run(body)


@pytest.mark.parametrize(("asked", "told"), [
    ("resume='true'", "resume='true' max='600'"),
    ("resume='1'", "resume='true' max='600'"),
    ("resume='true' max='60'", "resume='true' max='60'"),
    ("resume='true' max='86400'", "resume='true' max='600'"),
    ("resume='true' max='0'", "resume='true' max='600'"),
    ("resume='true' max='nonsense'", "resume='true' max='600'"),
])  # fmt: skip
def test_how_long_a_session_may_wait_is_said_and_the_shorter_of_two_wishes(asked: str, told: str) -> None:
    async def body() -> None:
        async with serve() as server:
            alice = await server.client("alice", "desk")
            alice.send(f"<enable xmlns='{SM}' {asked}/>")
            answer = await alice.expect("<enabled [^>]*/>")
            assert re.fullmatch(f"<enabled xmlns='{SM}' id='[\\w-]{{24}}' {told}/>", answer), answer

    node.run(body)


@pytest.mark.parametrize("asked", ["", "resume='false'", "resume='0'", "resume='yes'", "max='60'"])
def test_who_does_not_ask_for_it_is_not_resumed_and_told_no_id(asked: str) -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server, enable=f"<enable xmlns='{SM}' {asked}/>")
            assert not id_
            assert alice.seen.endswith(f"<enabled xmlns='{SM}'/>")
            secret = sm.sessions("alice@localhost")[0].stream_id
            assert secret
            alice.drop()
            await node.until(lambda: not sm.sessions("alice@localhost"))
            alice = await back(server, secret, 0)
            await alice.expect("<failed xmlns='[^']*'><item-not-found ")

    node.run(body)


def test_where_sessions_do_not_wait_nobody_is_told_that_they_do() -> None:
    async def body() -> None:
        async with serve(sm={"hibernation": 0}) as server:
            alice, id_ = await enabled(server)
            assert not id_
            alice = await back(server, "some", 0)
            await alice.expect("<failed xmlns='[^']*'><feature-not-implemented ")

    node.run(body)


def test_a_place_to_come_back_to_is_told() -> None:
    async def body() -> None:
        async with serve(sm={"location": "[2001:db8::1]:5222"}) as server:
            alice, _ = await enabled(server)
            assert "location='[2001:db8::1]:5222'" in alice.seen

    node.run(body)


def test_a_second_enable_ends_the_stream_and_the_session() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            alice.send(ENABLE)
            assert "<stream:error><policy-violation" in await alice.gone()
            await node.until(lambda: not sm.sessions("alice@localhost"))
            alice = await back(server, id_, 0)
            await alice.expect("<failed xmlns='[^']*' h='0'><item-not-found ")

    node.run(body)


@pytest.mark.parametrize("h", [3, 8, 2**31, MASK])
def test_to_acknowledge_more_than_was_sent_ends_the_stream(h: int) -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            bob = await server.client("bob", "phone")
            for text in ("one", "two"):
                bob.send(message(text))
                await alice.expect(text)
            alice.send(f"<a xmlns='{SM}' h='{h}'/>")
            end = await alice.gone()
            assert "<undefined-condition " in end
            assert f"<handled-count-too-high xmlns='{SM}' h='{h}' send-count='2'/>" in end
            assert f"You acknowledged {h} stanzas, but I only sent you 2 so far." in end

    node.run(body)


def test_to_acknowledge_less_than_before_ends_it_as_well_and_the_same_again_does_not() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            bob = await server.client("bob", "phone")
            for text in ("one", "two"):
                bob.send(message(text))
                await alice.expect(text)
            for h in (1, 1, 2, 2):
                alice.send(f"<a xmlns='{SM}' h='{h}'/>")
            await server.settle()
            assert alice.nothing_more()
            alice.send(f"<a xmlns='{SM}' h='1'/>")
            assert "<handled-count-too-high" in await alice.gone()

    node.run(body)


@pytest.mark.parametrize("h", BAD)
def test_a_count_that_is_none_ends_the_stream(h: str) -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            alice.send(f"<a xmlns='{SM}' h='{h}'/>")
            assert "<bad-format" in await alice.gone()
            alice, _ = await enabled(server)
            alice.send(f"<a xmlns='{SM}'/>")
            assert "<bad-format" in await alice.gone()

    node.run(body)


@pytest.mark.parametrize("asked", [
    *(f"previd='ID' h='{h}'" for h in BAD[:8]), "previd='ID'", "h='0'", "previd='' h='0'",
    f"previd='{'x' * 4001}' h='0'",
])  # fmt: skip
def test_a_resume_that_says_nothing_is_refused_and_nothing_has_changed(asked: str) -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            alice.drop()
            await detached()
            again = await server.connect()
            await again.plain("alice", "secret")
            await again.open()
            again.send(f"<resume xmlns='{SM}' {asked.replace('ID', id_)}/>")
            await again.expect("<failed xmlns='[^']*'><bad-request ")
            again.send(f"<resume xmlns='{SM}' previd='{id_}' h='0'/>")
            await again.expect(f"<resumed xmlns='{SM}' previd='{id_}' h='0'/>")

    node.run(body)


def test_a_resume_with_a_count_that_cannot_be_is_refused_and_the_session_stays() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            alice.drop()
            await detached()
            alice = await back(server, id_, 5)
            end = await alice.gone()
            assert f"<handled-count-too-high xmlns='{SM}' h='5' send-count='0'/>" in end
            assert not sm.sessions("alice@localhost")[0].attached
            alice = await back(server, id_, 0)
            await alice.expect("<resumed ")

    node.run(body)


def test_after_it_has_bound_a_client_does_not_resume() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            alice.send(f"<resume xmlns='{SM}' previd='{id_}' h='0'/>")
            await alice.expect("<failed xmlns='[^']*'><unexpected-request ")
            bob = await server.client("bob", "phone")
            bob.send(f"<a xmlns='{SM}' h='0'/><r xmlns='{SM}'/>")
            await bob.expect("(<failed xmlns='[^']*'><unexpected-request [^>]*/></failed>){2}")

    node.run(body)


def test_the_session_of_another_account_is_not_there() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            alice.drop()
            await detached()
            await server.account("mallory")
            mallory = await back(server, id_, 0, user="mallory")
            await mallory.expect("<failed xmlns='[^']*'><item-not-found ")
            mallory.send(BIND)
            await mallory.expect("<jid>mallory@localhost/")
            alice = await back(server, id_, 0)
            await alice.expect("<resumed ")

    node.run(body)


def test_who_comes_too_late_hears_how_much_of_it_was_taken_up_for_a_day() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            alice.send("<presence/>" + message("to bob", "bob@localhost"))
            await server.settle()
            alice.drop()
            await detached()
            await server.clock.advance(601)
            await node.until(lambda: not sm.sessions("alice@localhost"))
            await server.settle()
            await server.account("mallory")
            mallory = await back(server, id_, 0, user="mallory")
            await mallory.expect("<failed xmlns='[^']*'><item-not-found ")
            alice = await back(server, id_, 0)
            await alice.expect("<failed xmlns='[^']*' h='2'><item-not-found ")
            alice.send(BIND)
            await alice.expect("<jid>")
            await server.clock.advance(86400)
            alice = await back(server, id_, 0)
            await alice.expect("<failed xmlns='[^']*'><item-not-found ")

    node.run(body)


def test_a_client_that_closes_its_stream_is_gone_at_once() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            alice.send("<presence/>")
            await alice.expect("<presence ")
            await alice.close()
            assert not sm.sessions("alice@localhost")
            alice = await back(server, id_, 0)
            await alice.expect("<failed xmlns='[^']*'><item-not-found ")

    node.run(body)
