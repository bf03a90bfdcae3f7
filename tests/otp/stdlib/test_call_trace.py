"""test_call_trace — functions are seen, and put back.

Way:  otp.stdlib.call_trace
"""

from __future__ import annotations

import types
from typing import Any

import pytest

from otp.erts import process
from otp.stdlib.call_trace import CallTrace, ReturnedCall
from tests.support.node import run


class Adder:
    __slots__ = ("base",)

    def __init__(self, base: int) -> None:
        self.base = base

    def add(self, number: int) -> int:
        if number < 0:
            raise ValueError(number)
        return self.base + number


def test_a_method_is_seen_with_its_times_and_put_back() -> None:
    original, seen = Adder.add, []
    order: list[str] = []
    calls = CallTrace()
    calls.trace(Adder, "add", seen.append, lambda args, now: order.append(f"{args[1]} begins"))
    assert Adder(3).add(4) == 7
    (called,) = seen
    assert isinstance(called, ReturnedCall)
    assert (called.args[1], called.result) == (4, 7)
    assert called.begin <= called.end
    assert order == ["4 begins"]
    assert Adder.add.__name__ == "add"
    calls.stop()
    calls.stop()
    assert Adder.add is original


def test_what_raises_raises_and_is_not_told() -> None:
    seen: list[ReturnedCall] = []
    calls = CallTrace()
    calls.trace(Adder, "add", seen.append)
    with pytest.raises(ValueError, match="-1"):
        Adder(3).add(-1)
    calls.stop()
    assert seen == []


def test_async_functions_are_seen_to_their_end_and_traces_of_one_function_stack() -> None:
    module: Any = types.ModuleType("some")

    async def slow(word: str) -> str:
        await process.sleep(0.01)
        return word.upper()

    module.slow = slow
    first: list[ReturnedCall] = []
    second: list[ReturnedCall] = []
    calls = CallTrace()
    calls.trace(module, "slow", first.append)
    calls.trace(module, "slow", second.append)

    async def body() -> Any:
        return await module.slow("word")

    assert run(body) == "WORD"
    assert [called.result for called in first + second] == ["WORD", "WORD"]
    assert first[0].end - first[0].begin >= 10_000_000
    calls.stop()
    assert module.slow is slow


def test_a_function_is_swapped_and_put_back_with_the_traces_over_it() -> None:
    original, seen = Adder.add, []
    calls = CallTrace()
    calls.replace(Adder, "add", lambda add: lambda self, number: add(self, number) * 2)
    calls.trace(Adder, "add", seen.append)
    assert Adder(3).add(4) == 14
    assert [called.result for called in seen] == [14]
    calls.stop()
    assert Adder.add is original
