"""Coming back by a token."""

from __future__ import annotations

import base64
import re

import pytest

from tests.support.login_client import ASK, bind, by_token, come, given, on_a_server, request, token_in, who
from xmpp_core.jid import JID
from xmpp_core.sasl import ht
from xmppd.admin import users
from xmppd.auth import auth
from xmppd.mods.mod_fast import TOKEN
from xmppd.routing.account import access
from xmppd.routing.deliver import Kick
from xmppd.store import store
from xmppd.testing.server import Server


def test_a_token_opens_the_account_and_what_is_stored_does_not() -> None:
    async def body(server: Server) -> None:
        token = await given(server)
        _, answer = await come(server, by_token(token, bind()))
        assert who(answer).startswith("alice@localhost/")
        data = re.search("<additional-data>(.*?)</additional-data>", answer)
        assert data is not None
        assert base64.b64decode(data[1]) == ht.counter_proof(token.encode(), b"")
        rows = await store.select(TOKEN, ("localhost", "alice"))
        assert [row.slot for row in rows] == ["current"]
        assert token.encode() not in repr([(row, row.serial) for row in rows]).encode()

    on_a_server(body)


def test_the_old_one_is_good_until_the_new_one_was_used() -> None:
    async def body(server: Server) -> None:
        first = await given(server)
        _, answer = await come(server, by_token(first, ASK))
        second = token_in(answer)
        for token in (first, second):
            assert "<success" in (await come(server, by_token(token)))[1]
        assert "<credentials-expired " in (await come(server, by_token(first)))[1]
        assert "<success" in (await come(server, by_token(second)))[1]

    on_a_server(body)


@pytest.mark.parametrize("other", [{"agent": "desk"}, {"user": "bob"}, {"mechanism": "HT-SHA-256-ENDP"}])
def test_a_token_is_one_clients_of_one_account_for_one_mechanism(other: dict[str, str]) -> None:
    async def body(server: Server) -> None:
        await server.account("bob")
        token = await given(server)
        assert "<failure" in (await come(server, by_token(token, **other)))[1]

    on_a_server(body)


def test_who_does_not_say_which_client_it_is_gets_none() -> None:
    async def body(server: Server) -> None:
        _, answer = await come(server, request(ASK, agent=""))
        assert "<token" not in answer

    on_a_server(body)


def test_a_login_that_fails_brings_none() -> None:
    async def body(server: Server) -> None:
        client, answer = await come(server, request(ASK, password="wrong"))
        assert "<token" not in answer
        assert await store.select(TOKEN, ("localhost", "alice")) == []
        client.send(request())
        assert "<token" not in await client.expect("<success.*?</success>"), "nor does the next one, unasked"

    on_a_server(body)


def test_after_a_failed_token_the_password_is_good() -> None:
    async def body(server: Server) -> None:
        client, answer = await come(server, by_token("nonsense"))
        assert "<credentials-expired " in answer
        client.send(request())
        await client.expect("<success")

    on_a_server(body)


def test_a_client_gives_its_token_back() -> None:
    async def body(server: Server) -> None:
        token = await given(server)
        assert "<token" not in (await come(server, by_token(token, ASK, fast=" invalidate='true'")))[1]
        assert "<credentials-expired " in (await come(server, by_token(token)))[1]

    on_a_server(body)


def test_tokens_end_with_the_access() -> None:
    async def body(server: Server) -> None:
        phone, desk, alice = await given(server), await given(server, "desk"), JID("alice", "localhost")
        client = (await store.select(TOKEN, ("localhost", "alice")))[0].client
        await access.revoke(alice, Kick(), client=client)
        answers = [(await come(server, by_token(phone)))[1], (await come(server, by_token(desk, agent="desk")))[1]]
        assert sorted("<success" in answer for answer in answers) == [False, True]
        await users.passwd("alice", "another one")
        assert await store.select(TOKEN, ("localhost", "alice")) == []

    on_a_server(body)


def test_a_locked_account_has_none() -> None:
    async def body(server: Server) -> None:
        token = await given(server)
        await auth.set_disabled("alice", "localhost", True)
        assert "<credentials-expired " in (await come(server, by_token(token)))[1]

    on_a_server(body)


def test_an_expired_one_is_told_and_few_clients_have_some() -> None:
    async def body(server: Server) -> None:
        token = await given(server)
        for n in range(25):
            await given(server, f"client {n}")
        rows = await store.select(TOKEN, ("localhost", "alice"))
        assert len({row.client for row in rows}) == 20
        await server.clock.advance(31 * 86400)
        assert "<credentials-expired " in (await come(server, by_token(token)))[1]

    on_a_server(body)
