"""call_trace — traces calls of functions: swaps them for wrappers that report, and puts them back.

OTP:      call tracing (erlang:trace_pattern/3 with `call`, return_to)
Differs:  a function is seen by all who look it up by its module or class at the moment of the call
Process:  none; what is told runs in the process that calls

    calls = CallTrace()
    calls.trace(router, "route", lambda call: seen.append(call))
    …
    calls.stop()                             # last in, first out: all is as it was
"""

from __future__ import annotations

import functools
import inspect
import time  # real time: how long a call took
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ReturnedCall:
    """One call that has returned (an async one: has come to its end). Times are time.monotonic_ns()."""

    args: tuple[Any, ...]
    begin: int
    end: int
    result: Any


Before = Callable[[tuple[Any, ...], int], object]
After = Callable[[ReturnedCall], object]


class CallTrace:
    """Functions that are looked at, together."""

    def __init__(self) -> None:
        self._put: list[tuple[Any, str, Any]] = []

    def trace(self, owner: Any, name: str, after: After | None = None, before: Before | None = None) -> None:
        """Look at `owner.name`, a plain or async function of a module or class.

        `before(args, now)` is told when it is called, `after(ReturnedCall)` when it has returned; not if it raised.
        """
        original = getattr(owner, name)
        made = (
            _async(original, after, before)
            if inspect.iscoroutinefunction(original)
            else _plain(original, after, before)
        )
        self._put.append((owner, name, original))
        setattr(owner, name, functools.wraps(original)(made))

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Put `make(original)` in the place of `owner.name`: for callers that must see its result before others do."""
        original = getattr(owner, name)
        self._put.append((owner, name, original))
        setattr(owner, name, make(original))

    def stop(self) -> None:
        """Put everything back. Idempotent."""
        while self._put:
            owner, name, original = self._put.pop()
            setattr(owner, name, original)


def _plain(original: Callable[..., Any], after: After | None, before: Before | None) -> Callable[..., Any]:
    def seen(*args: Any, **kwargs: Any) -> Any:
        begin = time.monotonic_ns()
        if before is not None:
            before(args, begin)
        result = original(*args, **kwargs)
        if after is not None:
            after(ReturnedCall(args, begin, time.monotonic_ns(), result))
        return result

    return seen


def _async(original: Callable[..., Any], after: After | None, before: Before | None) -> Callable[..., Any]:
    async def seen(*args: Any, **kwargs: Any) -> Any:
        begin = time.monotonic_ns()
        if before is not None:
            before(args, begin)
        result = await original(*args, **kwargs)
        if after is not None:
            after(ReturnedCall(args, begin, time.monotonic_ns(), result))
        return result

    return seen
