"""test_auth_ldap — passwords that a directory knows: against a real one (slapd), and against one that lies.

Way:  xmppd.auth.auth_ldap, alone and by the wire
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sansldap import BindRequest, LDAPMessage, LDAPResultCode, LDAPServer, SearchRequest

from tests.support import slapd
from tests.support.slapd import SERVICE, SERVICE_PASSWORD, SUFFIX, Slapd
from tests.xmppd.auth.test_ldap_directory import Answer, always, played
from xmppd.auth import auth, tables
from xmppd.auth.auth_http import Elsewhere
from xmppd.auth.auth_ldap import LdapAccounts, verdict
from xmppd.auth.ldap_names import LdapDirectory
from xmppd.auth.service_fails import ServiceFails
from xmppd.testing.server import Server, serve

PEOPLE = {"juliet": "pass word", "a,b": "c0mma", "star*": "st4r", "ünal": "Größe", "none": "", "twice": "tw1ce"}


@pytest.fixture(scope="module")
def directory() -> Iterator[Slapd]:
    it = Slapd(PEOPLE, doubled="twice")
    yield it
    it.remove()


def found_by(it: Slapd, how: str, **more: Any) -> dict[str, Any]:
    """The keys of [auth] that find users by a search or by their name, over TLS from the first byte or from later."""
    by = (
        {"ldap_base": f"ou=people,{SUFFIX}", "ldap_bind_dn": SERVICE, "ldap_password": SERVICE_PASSWORD}
        if how == "search"
        else {"ldap_user_dn": f"uid={{user}},ou=people,{SUFFIX}"}
    )
    return {
        "ldap": {"localhost": f"ldaps://localhost:{it.tls}"}, "ldap_ca": it.ca, "ldap_seconds": 30.0, **by, **more,
    }  # fmt: skip


def at_a_server(told: dict[str, Any], body: Callable[[Server], Any]) -> None:
    async def all_() -> None:
        async with serve(auth=told, hosts=("localhost", "other")) as server:
            await body(server)

    asyncio.run(all_())


# -- against a real directory


@slapd.needed
@pytest.mark.parametrize("how", ["search", "name"])
@pytest.mark.parametrize("safely", ["ldaps", "starttls"])
def test_a_client_logs_in_by_plain_and_nothing_else(directory: Slapd, how: str, safely: str) -> None:
    told = found_by(directory, how)
    if safely == "starttls":
        told["ldap"] = {"localhost": f"ldap://localhost:{directory.plain}"}

    async def body(server: Server) -> None:
        features = await (await server.connect()).open()
        assert re.findall("<mechanism>([^<]*)</mechanism>", features) == ["PLAIN", "PLAIN"]  # SASL and SASL2
        assert "urn:xmpp:fast:0" not in features
        assert "jabber.org/features/iq-register" not in features
        assert "SCRAM-SHA-256" in await (await server.connect()).open("other")
        juliet = await server.connect()
        await juliet.login("juliet", "balcony", "pass word")
        assert juliet.jid == "juliet@localhost/balcony"
        found = await auth.account("juliet", "localhost")
        assert found is not None
        assert (found.created_by, found.scram_sha_256) == (tables.SERVICE, "")
        wrong = await server.connect()
        with pytest.raises(AssertionError, match="not-authorized"):
            await wrong.plain("juliet", "password")

    at_a_server(told, body)


@slapd.needed
@pytest.mark.parametrize("how", ["search", "name"])
def test_whose_password_it_is(directory: Slapd, how: str) -> None:
    async def body(server: Server) -> None:
        for user, password in PEOPLE.items():
            right = bool(password) and not (user == "twice" and how == "search")
            assert await auth.check_plain(user, "localhost", password) is right, user
            assert not await auth.check_plain(user, "localhost", f"{password}x"), user
            assert not await auth.check_plain(user, "localhost", ""), user
        for user in ("*", "nobody", "jul*", "juliet)(uid=*", "juliet,ou=people", "cn=xmppd", "\\2a", "people"):
            assert not await auth.check_plain(user, "localhost", "pass word"), user
        assert not await auth.check_plain("juliet", "localhost", "pass word" + "x" * 2000)
        assert not await auth.check_plain("juliet", "localhost", "pass word\0x")
        assert await auth.list_users("localhost") == sorted(
            user for user in PEOPLE if user != "none" and not (user == "twice" and how == "search")
        )
        await auth.set_disabled("juliet", "localhost", True)
        assert not await auth.check_plain("juliet", "localhost", "pass word")
        with pytest.raises(Elsewhere):
            await auth.set_password("juliet", "localhost", "secret")

    at_a_server(found_by(directory, how), body)


@slapd.needed
def test_a_directory_may_be_in_clear_text_on_this_machine_and_searched_by_nobody() -> None:
    """Its people may not search themselves: who has bound before is forgotten."""
    it = Slapd({"juliet": "pass word"}, readers="anonymous")
    told = found_by(it, "search", ldap_starttls=False, ldap_bind_dn="", ldap_password="")
    told["ldap"] = {"localhost": f"ldap://127.0.0.1:{it.plain}"}

    async def body(server: Server) -> None:
        for _ in range(2):  # the second time over the connection on which juliet has bound
            assert await auth.check_plain("juliet", "localhost", "pass word")
        assert not await auth.check_plain("juliet", "localhost", "pass")

    try:
        at_a_server(told, body)
    finally:
        it.remove()


@slapd.needed
def test_each_host_may_be_searched_for_by_another() -> None:
    """Two directories, each of which lets somebody else search."""
    reader = f"uid=reader,ou=people,{SUFFIX}"
    one, two = (
        Slapd({"juliet": "pass word"}),
        Slapd({"romeo": "m0ntague", "reader": "r34d"}, readers=f'dn.exact="{reader}"'),
    )
    told = found_by(one, "search", ldap_starttls=False)
    told["ldap"] = {"localhost": f"ldap://127.0.0.1:{one.plain}", "other": f"ldap://127.0.0.1:{two.plain}"}
    told |= {"ldap_host_bind_dn": {"other": reader}, "ldap_host_password": {"other": "r34d"}}

    async def body(server: Server) -> None:
        assert await auth.check_plain("juliet", "localhost", "pass word")
        assert await auth.check_plain("romeo", "other", "m0ntague")
        assert not await auth.check_plain("romeo", "other", "pass word")
        assert not await auth.check_plain("juliet", "other", "pass word")

    try:
        at_a_server(told, body)
    finally:
        one.remove()
        two.remove()


@slapd.needed
def test_one_that_is_down_puts_logins_off_and_nobody_is_told_a_password(caplog: pytest.LogCaptureFixture) -> None:
    it = Slapd({"juliet": "pass word"})

    async def body(server: Server) -> None:
        assert await auth.check_plain("juliet", "localhost", "pass word")
        it.stop()
        client = await server.connect()
        with pytest.raises(AssertionError, match="temporary-auth-failure"):
            await client.plain("juliet", "pass word")
        await server.client("romeo@other")
        it.start()
        assert await auth.check_plain("juliet", "localhost", "pass word")  # kept connections were closed meanwhile
        assert not await auth.check_plain("juliet", "localhost", "pass wort")

    try:
        with caplog.at_level(logging.DEBUG):
            at_a_server(found_by(it, "search"), body)
    finally:
        it.remove()
    assert len([line for line in caplog.messages if "accounts of localhost fails" in line]) == 1
    assert "pass wor" not in caplog.text
    assert SERVICE_PASSWORD not in caplog.text


@slapd.needed
def test_a_wrong_password_of_the_service_is_not_the_users_fault(directory: Slapd) -> None:
    async def body(server: Server) -> None:
        with pytest.raises(ServiceFails, match="ldap_bind_dn with INVALID_CREDENTIALS"):
            await auth.check_plain("juliet", "localhost", "pass word")

    at_a_server(found_by(directory, "search", ldap_password="wrong"), body)


@slapd.needed
def test_many_log_in_at_once_over_few_connections(directory: Slapd) -> None:
    async def body(server: Server) -> None:
        before = directory.log().count(" ACCEPT ")
        words = ["pass word", "wrong"] * 50
        told = await asyncio.gather(*[auth.check_plain("juliet", "localhost", word) for word in words])
        assert told == [True, False] * 50
        assert 0 < directory.log().count(" ACCEPT ") - before <= 4

    at_a_server(found_by(directory, "search", ldap_connections=4), body)


# -- against one that lies


def asks(answer: Answer, password: str, **more: Any) -> tuple[bool, list[LDAPMessage]]:
    """Whether juliet's password is right, as a directory says that this file plays, and what it was asked."""

    async def all_() -> tuple[bool, list[LDAPMessage]]:
        async with played(answer) as it:
            told = {
                "ldap": {"localhost": f"ldap://127.0.0.1:{it.port}"}, "ldap_starttls": False, "ldap_seconds": 30.0,
                **more,
            }  # fmt: skip
            async with serve(auth=told, hosts=("localhost",)):
                return await auth.check_plain("juliet", "localhost", password), it.asked

    return asyncio.run(all_())


def lying(entries: list[str], search: LDAPResultCode, *binds: LDAPResultCode) -> Answer:
    """One that finds these entries, and answers one bind after another so."""
    left = list(binds)

    def answer(session: LDAPServer, message: LDAPMessage) -> bytes:
        if isinstance(message, BindRequest):
            session.bind_response(message.message_id, result_code=left.pop(0))
        elif isinstance(message, SearchRequest):
            for name in entries:
                session.search_result_entry(message.message_id, name, [])
            session.search_result_done(message.message_id, result_code=search)
        return session.data_to_send()

    return answer


OK = LDAPResultCode.SUCCESS


@pytest.mark.parametrize("password", ["", "\0", "a\0b", "x" * 1024])
def test_what_is_no_password_is_not_sent(password: str) -> None:
    """A bind with an empty password succeeds by RFC 4513 §5.1.2, and proves nothing."""
    assert asks(lying([], OK, OK), password, ldap_user_dn="uid={user}") == (False, [])


def test_an_entry_without_a_name_is_nobody() -> None:
    """A bind with an empty name would be one of nobody, to which many directories say yes."""
    told, asked = asks(lying([""], OK, OK, OK, OK), "secret", ldap_base="o=x")
    assert not told
    assert [type(one) for one in asked] == [BindRequest, SearchRequest]


@pytest.mark.parametrize(("entries", "code"), [
    (["uid=a", "uid=b"], OK), (["uid=a", "uid=b"], LDAPResultCode.SIZE_LIMIT_EXCEEDED),
    (["uid=a"], LDAPResultCode.SIZE_LIMIT_EXCEEDED), ([], OK),
])  # fmt: skip
def test_it_must_be_one_entry(entries: list[str], code: LDAPResultCode) -> None:
    told, asked = asks(lying(entries, code, OK, OK), "secret", ldap_base="o=x")
    assert not told
    assert [type(one) for one in asked] == [BindRequest, SearchRequest]


@pytest.mark.parametrize("code", [
    LDAPResultCode.REFERRAL, LDAPResultCode.BUSY, LDAPResultCode.NO_SUCH_OBJECT, LDAPResultCode.TIME_LIMIT_EXCEEDED,
])  # fmt: skip
def test_a_search_that_fails_says_nothing_of_the_password(code: LDAPResultCode) -> None:
    with pytest.raises(ServiceFails, match=f"a search with {code.name}"):
        asks(lying(["uid=a"], code, OK, OK), "secret", ldap_base="o=x")


@given(st.sampled_from(list(LDAPResultCode)))
def test_only_some_results_say_anything(code: LDAPResultCode) -> None:
    if code == 0:
        assert verdict(code)
    elif code in (19, 32, 34, 48, 49, 53):
        assert not verdict(code)
    else:
        with pytest.raises(ServiceFails):
            verdict(code)


def test_one_that_says_nothing_is_waited_for_no_longer_than_told() -> None:
    async def all_() -> None:
        async with played(always(None)) as it:
            url = f"ldap://127.0.0.1:{it.port}"
            accounts = LdapAccounts(LdapDirectory(url, starttls=False, user_dn="uid={user}", seconds=0.3))
            async with asyncio.timeout(60):
                with pytest.raises(ServiceFails, match=r"0\.3 seconds"):
                    await accounts.check("juliet", "localhost", "secret")

    asyncio.run(all_())
