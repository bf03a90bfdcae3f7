"""pykka_messages — a stop is a stop, a proxy's message a proxy's, and a refused ask is answered."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pykka
import pytest
from pykka.messages import ProxyCall

import otp
from otp.erts import pykka_messages
from otp.erts.future import LoopFuture
from otp.erts.pykka_messages import Envelope, Stop
from tests.support.node import run


def test_what_is_what() -> None:
    assert pykka_messages.is_stop(Stop())
    assert pykka_messages.is_proxy(ProxyCall(("x",), (), {}))
    assert not pykka_messages.is_proxy("x")
    assert not pykka_messages.is_stop("x")


def test_a_refused_ask_hears_of_it_and_a_refused_stop_is_done() -> None:
    def body() -> None:
        future: LoopFuture[object] = LoopFuture()
        pykka_messages.reject_envelope(Envelope("ask", reply_to=future))
        with pytest.raises(pykka.ActorDeadError):
            future.result()
        stopped: LoopFuture[object] = LoopFuture()
        pykka_messages.reject_envelope(Envelope(Stop(), reply_to=stopped))
        assert stopped.result() is None
        pykka_messages.reject_envelope("no envelope")

    run(body)


#: what otp uses of Pykka that Pykka does not promise: name -> what breaks without it
PRIVATE = {
    "_create_actor_inbox": "an ActorRef asks an actor's class for it; a process is its own inbox",
    "_create_future": "ActorRef.ask() makes its future by it; ours can be awaited",
    "_start_actor_loop": "Actor.start() calls it; a process needs no thread",
    "_handle_receive": "carries out a proxy's messages and on_receive()",
}


@pytest.mark.parametrize("name", PRIVATE)
def test_pykka_still_has_what_it_does_not_promise(name: str) -> None:
    assert callable(getattr(pykka.Actor, name, None)), f"pykka.Actor.{name} is gone: {PRIVATE[name]}"


def test_pykka_still_sends_what_is_told_here() -> None:
    """The wire between an ActorRef and an actor: if this fails, pykka_messages and actor are to be looked through."""
    came = []

    class Inbox:
        put = came.append

    class Actor(pykka.ThreadingActor):
        pass

    real = Actor.start()
    actor = Actor.__new__(Actor)
    actor.actor_urn, actor.actor_inbox, actor.actor_stopped = "urn", Inbox(), threading.Event()
    ref = pykka.ActorRef(actor)
    ref.tell("told")
    ref.ask("asked", block=False)
    ref.stop(block=False)
    real.stop()
    assert [type(one) for one in came] == [Envelope] * 3
    assert [one.message for one in came[:2]] == ["told", "asked"]
    assert type(came[2].message) is Stop
    assert [one.reply_to is None for one in came] == [True, False, False]


def test_no_other_file_imports_what_pykka_keeps_to_itself() -> None:
    private = re.compile(r"(from|import) pykka\._|from pykka\S* import .*\b_")
    files = [path for path in Path(otp.__path__[0]).rglob("*.py") if private.search(path.read_text())]
    assert [path.name for path in files] == ["pykka_messages.py"]
