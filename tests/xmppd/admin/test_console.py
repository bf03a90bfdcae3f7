"""test_console — what typed code prints, and what bounds it.

Way:  xmppd.admin.console
"""

from __future__ import annotations

import signal
import sys
import time
from typing import Any

import pytest

from otp.erts import process
from otp.erts.blocking import run_blocking
from otp.erts.exits import ReceiveTimeout
from tests.support.node import run
from xmppd.admin import console
from xmppd.admin.console import Bounded, Console, Stopped


def test_outside_of_the_bounds_nothing_is_changed() -> None:
    before = sys.stdout, sys.stderr, sys.stdin, signal.getsignal(signal.SIGALRM)
    typed = Console()
    with pytest.raises(ZeroDivisionError), typed.bounds():
        print("x", 1 // int(print("a") is not None))
    assert typed.text == "a\n"
    assert (sys.stdout, sys.stderr, sys.stdin, signal.getsignal(signal.SIGALRM)) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_code_of_our_own_is_not_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "LONGEST", 0.01)
    with Console().bounds():
        time.sleep(0.2)


def test_on_a_thread_there_is_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "LONGEST", 0.01)

    def typed() -> None:
        with Console().bounds():
            exec(compile("import time; time.sleep(0.1)", console.SOURCE, "exec"))

    run(lambda: run_blocking(typed))


def test_output_ends_at_its_bound() -> None:
    typed = Console()
    with pytest.raises(Stopped), typed.bounds():
        print("x" * (console.MOST + 1))
    assert typed.text == "x" * console.MOST


def test_a_coroutine_goes_on_where_it_waits_and_errors_reach_it() -> None:
    async def inner() -> list[Any]:
        await process.sleep(0)
        try:
            await process.receive(lambda message: message == "never", 0.01)
        except ReceiveTimeout:
            print("late")
        return [await process.receive(lambda message: message == "m", 5.0)]

    async def main() -> tuple[Any, str]:
        process.send(process.self_(), "m")
        typed = Console()
        return await Bounded(typed, inner()), typed.text

    assert run(main) == (["m"], "late\n")
