"""What fails behind a stream is an error stanza, says nothing of the inside, and stays where it is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp.erts.blocking import Busy
from otp.erts.exits import CallError, ReceiveTimeout, crash
from tests.support.core_server import CoreServer, play
from xmpp_core.errors import STANZA_CONDITIONS, StanzaError, StreamError
from xmpp_core.jid import JID
from xmpp_core.stanza import make_iq, make_message, make_presence
from xmppd.routing import faults, hooks
from xmppd.routing.hook_points import AccountPresenceHook, OfflineMessageHook, UserSendPresenceHook
from xmppd.store import store
from xmppd.store.backend import Key, StoreError, Table, Tx

T = TypeVar("T")
R = TypeVar("R")
SECRET = 'SELECT "xml" FROM "offline": disk I/O error'
ROMEO, JULIET = JID.parse("romeo@localhost/r"), JID.parse("juliet@localhost")
PASSING = (
    StoreError(SECRET),
    CallError("timeout", "writer", SECRET),
    CallError("noproc", "writer", SECRET),
    Busy(SECRET),
    ReceiveTimeout(SECRET),
    TimeoutError(SECRET),
)
BUGS = (
    StoreError(SECRET, "internal-server-error"),
    CallError(crash(ValueError(SECRET)), "writer", SECRET),
    StreamError("policy-violation", SECRET),
    ZeroDivisionError(SECRET),
    LookupError(SECRET),
    OSError(5, SECRET),
)
STANZAS = (
    make_message(JULIET, "hello", from_=ROMEO),
    make_presence(JULIET, from_=ROMEO),
    make_iq("get", "1", None, to=JULIET, from_=ROMEO),
    make_iq("set", "1", None, to=JULIET, from_=ROMEO),
)


class Broken:
    """A backend whose disk or network fails at everything."""

    def __init__(self, failure: Exception) -> None:
        self.failure = failure

    async def transaction(self, fn: Callable[[Tx], T]) -> T:
        raise self.failure

    async def read(self, table: Table[R], key: Key) -> R | None:
        raise self.failure

    async def select(self, table: Table[R], prefix: Key = (), limit: int | None = None) -> list[R]:
        raise self.failure

    async def count(self, table: Table[Any], prefix: Key = ()) -> int:
        raise self.failure

    def close(self) -> None:
        pass


@given(st.sampled_from(PASSING + BUGS), st.sampled_from(STANZAS))
def test_any_failure_is_an_error_without_a_word_of_the_inside(failure: Exception, stanza: object) -> None:
    answer = faults.answer(stanza, failure)  # type: ignore[arg-type]
    assert answer is not None
    error = StanzaError.from_element(answer.el)
    expected = ("resource-constraint", "wait") if failure in PASSING else ("internal-server-error", "cancel")
    assert (error.condition, error.type_) == expected
    assert "SELECT" not in answer.to_xml()
    assert (answer.from_, answer.to) == (JULIET, ROMEO)


@given(st.sampled_from(sorted(STANZA_CONDITIONS)))
def test_a_stanza_error_goes_out_as_it_is(condition: str) -> None:
    error = StanzaError(condition, "words for who asked")
    assert faults.stanza_error(error, "testing") is error


def test_an_error_or_a_result_is_not_answered() -> None:
    for stanza in (make_iq("result", "1", None, to=JULIET, from_=ROMEO), STANZAS[0].error(StanzaError("gone"))):
        assert faults.answer(stanza, ZeroDivisionError()) is None


def test_the_log_has_it_all_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    faults._told.clear()
    for _ in range(1000):
        faults.stanza_error(StoreError("the disk is full"), "keeping a message")
        faults.stanza_error(KeyError("a bug of ours"), "answering")
    lines = [record for record in caplog.records if record.name == "xmppd.faults"]
    assert [record.levelno for record in lines] == [logging.WARNING, logging.ERROR]
    assert "the disk is full" in caplog.text
    assert "a bug of ours" in caplog.text
    assert lines[0].exc_info is None
    assert lines[1].exc_info is not None


@pytest.mark.parametrize(
    "failure", [*PASSING, *BUGS], ids=lambda e: f"{type(e).__name__}:{getattr(e, 'why', '')!s:.10}"
)
def test_whatever_fails_on_a_stanzas_way_the_session_lives(failure: Exception) -> None:
    """The store cannot be read; a hook that keeps messages, and one that presence needs, fail."""

    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        await core.account("juliet@localhost")

        async def fails(*_: object) -> bool:
            raise failure

        backend = store.current()
        store.use(Broken(failure))
        await romeo.send("<message to='nobody@localhost' type='chat' id='m'><body>x</body></message>")
        await romeo.send("<presence to='nobody@localhost' type='subscribe' id='p'/>")
        assert "type='error'" in await romeo.ask("<iq type='get' id='i' to='nobody@localhost'><q xmlns='x'/></iq>")
        store.use(backend)
        await hooks.add("localhost", OfflineMessageHook, fails, 1)
        await romeo.send("<message to='juliet@localhost' type='chat' id='k'><body>x</body></message>")
        await hooks.add("localhost", UserSendPresenceHook, fails, 1)
        await romeo.send("<presence id='s'><show>away</show></presence>")
        await core.settle()
        got = romeo.take()
        for id_ in ("m", "p", "k", "s"):
            (text,) = [text for text in got if f"id='{id_}'" in text]
            assert "type='error'" in text
            assert ("<resource-constraint " in text) == (failure in PASSING)
            assert "SELECT" not in text
        assert "type='result'" in await romeo.ask("<iq type='get' id='l'><ping xmlns='urn:xmpp:ping'/></iq>")

    play(body)


def test_who_cannot_be_asked_keeps_nobody_else_from_being_asked() -> None:
    """The probes of a login go on behind the one contact whose part fails."""

    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        friends = [await core.login(f"friend{n}@localhost/x") for n in range(5)]
        for friend in friends:
            await core.friends(romeo, friend)

        def fails(acc: object, point: AccountPresenceHook) -> object:
            if point.owner.local == "friend2":
                raise StoreError(SECRET)
            return acc

        await hooks.add("localhost", AccountPresenceHook, fails, 1)
        again = await core.login("romeo@localhost/again", presence=None)
        await again.send("<presence/>")
        await core.settle()
        got = "".join(again.take())
        assert [f"from='friend{n}@localhost/x'" in got for n in range(5)] == [True, True, False, True, True]
        assert "SELECT" not in got

    play(body)
