"""pykka_messages — a stop is a stop, a proxy's message a proxy's, and a refused ask is answered."""

from __future__ import annotations

import pykka
import pytest
from pykka.messages import ProxyCall, _ActorStop

from otp.erts import pykka_messages
from otp.erts.future import LoopFuture
from otp.erts.pykka_messages import Envelope
from tests.support.node import run


def test_what_is_what() -> None:
    assert pykka_messages.is_stop(_ActorStop())
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
        pykka_messages.reject_envelope(Envelope(_ActorStop(), reply_to=stopped))
        assert stopped.result() is None
        pykka_messages.reject_envelope("no envelope")

    run(body)
