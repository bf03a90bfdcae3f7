"""Logins: who is refused for a while, and which resource one gets."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from scramp import ScramClient

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.stdlib import gen_fsm
from tests.support import node
from tests.support.server import config, serving
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.sasl.base import Challenge, Failure, Success
from xmpp_core.stream_events import LegacyAuth, NegotiationTimeout, ReportAuth, SaslStep
from xmpp_core.stream_state import StreamConfig, StreamState
from xmppd.auth import auth
from xmppd.auth.throttle import Throttle
from xmppd.net.connection import Disconnected
from xmppd.net.connection_limits import OpenConnections
from xmppd.routing import hooks
from xmppd.routing.deliver import Kick, Shutdown
from xmppd.routing.hook_points import AuthResultHook
from xmppd.stream import c2s_auth
from xmppd.stream.c2s_session import C2sSettings
from xmppd.testing.client import Client


def unauthenticated(throttle: Throttle | None = None) -> Any:
    """As much of a stream as a login needs."""
    slot = OpenConnections().admit("192.0.2.1")
    return SimpleNamespace(
        settings=C2sSettings(StreamConfig(hosts={"localhost"}, plain_without_tls=True), throttle=throttle),
        connection=SimpleNamespace(
            peer="192.0.2.1",
            slot=slot,
            authenticated=slot.authenticated,
            judging=lambda _waits: None,
            tls_version=lambda: "",
            channel_binding=lambda _name: b"",
        ),
        fsm=StreamState(host="localhost"),
        host="localhost",
        mechanism=None,
        how="",
    )


def plain(user: str, password: str) -> SaslStep:
    return SaslStep("PLAIN", f"\0{user}\0{password}".encode(), True)


def with_accounts(body: Any) -> None:
    async def whole() -> None:
        async with serving(config(modules={})):
            await auth.create_user("juliet", "localhost", "secret")
            await body()

    node.run(whole)


async def log_in(data: Any, user: str, password: str) -> Any:
    """One try, reported; returns its outcome and whether its answer was held back."""
    outcome: Any = await c2s_auth.sasl_step(data, plain(user, password))
    right = isinstance(outcome, Success)
    await c2s_auth.report(data, ReportAuth(outcome.username, right, "PLAIN", getattr(outcome, "condition", "")))
    return outcome


@pytest.mark.parametrize("guesser", ["192.0.2.1", "192.0.2.2"])
def test_who_guesses_makes_answers_late_and_refuses_nobody(guesser: str) -> None:
    """Behind the same address, or for the same account from another one."""

    async def body() -> None:
        throttle = Throttle(0.001, 5, longest=0.01)
        for n in range(20):
            data = unauthenticated(throttle)
            data.connection.peer = guesser
            assert (await log_in(data, ("juliet", "Juliet", "JULIET")[n % 3], "wrong")).condition == "not-authorized"
        assert throttle.delay([f"ip:{guesser}"], CLOCK.monotonic()) > 0.009
        assert throttle.delay(["account:juliet@localhost"], CLOCK.monotonic()) > 0.009, "in whatever spelling"
        owner = unauthenticated(throttle)
        assert (await log_in(owner, "juliet", "secret")).username == "juliet"
        assert not owner.connection.slot._unauthenticated

    with_accounts(body)


def test_a_token_that_fails_is_no_guess_and_a_password_is() -> None:
    """A client whose token has ended tries its password next: it must not wait for that."""

    async def body() -> None:
        throttle = Throttle(0.001, 5, longest=0.01)
        data = unauthenticated(throttle)
        for mechanism, counted in (("HT-SHA-256-NONE", 0), ("HT-SHA-256-ENDP", 0), ("PLAIN", 1)):
            await c2s_auth.report(data, ReportAuth("juliet", False, mechanism, "credentials-expired"))
            assert bool(len(throttle)) == bool(counted), mechanism

    with_accounts(body)


def test_tries_at_the_same_time_slow_each_other() -> None:
    async def body() -> None:
        throttle = Throttle(0.001, 5, longest=3600)
        guessing = [process.spawn(lambda: log_in(unauthenticated(throttle), "nobody", "wrong")) for _ in range(10)]
        await node.until(lambda: throttle.level("account:nobody@localhost", CLOCK.monotonic()) < 0.1)
        await process.sleep(0.01)
        assert all(process.is_alive(pid) for pid in guessing), "the verdict is there, and its answer waits"

    with_accounts(body)


GONE = gen_fsm.Event(Disconnected("closed"))


@pytest.mark.parametrize("news", [Shutdown(), Kick(), NegotiationTimeout(), GONE])
def test_nothing_waits_for_who_has_gone_or_must_go(news: object) -> None:
    async def body() -> None:
        throttle = Throttle(0.001, 1, longest=3600)
        throttle.spend("ip:192.0.2.1", CLOCK.monotonic())
        process.send(process.self_(), "a stanza")
        process.send(process.self_(), news)
        await c2s_auth.report(unauthenticated(throttle), ReportAuth(None, False, "PLAIN"))
        assert await process.flush() == ["a stanza", news]

    with_accounts(body)


def test_a_client_that_has_logged_in_is_not_unauthenticated_any_more() -> None:
    async def body() -> None:
        told: list[AuthResultHook] = []
        await hooks.add("localhost", AuthResultHook, told.append)
        data = unauthenticated()
        await c2s_auth.report(data, ReportAuth("juliet", True, "PLAIN"))
        assert data.how == "PLAIN"
        assert told == [AuthResultHook("localhost", "juliet", "PLAIN", True, "192.0.2.1")]
        assert not data.connection.slot._unauthenticated

    with_accounts(body)


def test_without_the_store_a_login_waits() -> None:
    async def body() -> None:
        outcome: Any = await c2s_auth.sasl_step(unauthenticated(), plain("juliet", "secret"))
        assert outcome.condition == "temporary-auth-failure"

    node.run(body)


@pytest.mark.parametrize(
    ("user", "password", "condition"),
    [("juliet", "secret", None), ("juliet", "wrong", "not-authorized"), ("@", "secret", "jid-malformed")],
)
def test_the_old_login(user: str, password: str, condition: str | None) -> None:
    async def body() -> None:
        result = await c2s_auth.legacy_login(unauthenticated(), LegacyAuth(user, password, "home"))
        if condition is None:
            assert result.jid == JID("juliet", "localhost", "home")
        else:
            assert result.error is not None
            assert result.error.condition == condition

    with_accounts(body)


def test_the_old_login_says_that_an_account_is_disabled_to_whom_it_belongs_only() -> None:
    async def body() -> None:
        await auth.set_disabled("juliet", "localhost", True)
        for password, detail in (("secret", "account-disabled"), ("wrong", None)):
            result = await c2s_auth.legacy_login(unauthenticated(), LegacyAuth("juliet", password, "home"))
            assert result.error is not None
            assert result.error.condition == "not-authorized", "which is all that such a client knows"
            assert (result.error.app.name if result.error.app is not None else None) == detail

    with_accounts(body)


def test_a_resource_is_wished_or_made() -> None:
    async def body() -> None:
        account = JID("juliet", "localhost")
        assert c2s_auth.choose(unauthenticated(), account, "balcony").full == "juliet@localhost/balcony"
        first, second = (c2s_auth.choose(unauthenticated(), account, "").resource for _ in range(2))
        assert first != second
        with pytest.raises(StanzaError):
            c2s_auth.choose(unauthenticated(), account, "\x00")

    with_accounts(body)


def test_the_accounts_name_is_not_told_apart_by_the_answer() -> None:
    async def body(port: int) -> None:
        answers = []
        for user in ("juliet", "nobody"):
            client = await Client.connect(port)
            await client.open()
            from base64 import b64encode

            first = b64encode(f"n,,n={user},r=abc".encode()).decode()
            client.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>{first}</auth>")
            answers.append(await client.expect("<(challenge|failure)"))
        assert answers == ["<challenge", "<challenge"]

    async def whole() -> None:
        async with serving(config(modules={})) as port:
            await auth.create_user("juliet", "localhost", "secret")
            await body(port)

    node.run(whole)


def by_scram(mechanism: str, password: str) -> Any:
    """What a client of somebody else's writing (scramp) leads to that logs in as juliet."""

    async def whole() -> Any:
        data, client = unauthenticated(), ScramClient([mechanism], "juliet", password)
        first = await c2s_auth.sasl_step(data, SaslStep(mechanism, client.get_client_first().encode(), True))
        assert isinstance(first, Challenge)
        client.set_server_first(first.data.decode())
        return await c2s_auth.sasl_step(data, SaslStep(mechanism, client.get_client_final().encode(), False))

    return whole()


def test_who_shows_the_password_of_a_disabled_account_is_told_so_and_nobody_else() -> None:
    """RFC 6120 §6.5.2; whoever guesses learns nothing of an account but that the guess was right."""

    async def body() -> None:
        assert isinstance(await by_scram("SCRAM-SHA-256", "secret"), Success)
        await auth.set_disabled("juliet", "localhost", True)
        for right, condition in (("secret", "account-disabled"), ("wrong", "not-authorized")):
            for mechanism in ("SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"):
                assert await by_scram(mechanism, right) == Failure(condition, "juliet"), mechanism
            told = await c2s_auth.sasl_step(unauthenticated(), plain("juliet", right))
            assert told == Failure(condition, "juliet")
        nobody = await c2s_auth.sasl_step(unauthenticated(), plain("nobody", "secret"))
        assert nobody == Failure("not-authorized", "nobody")
        await auth.set_disabled("juliet", "localhost", False)
        assert isinstance(await by_scram("SCRAM-SHA-256", "secret"), Success)

    with_accounts(body)
