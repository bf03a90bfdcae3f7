"""node — runs an async test body as a process of a fresh node.

`run(body)` makes a loop, runs `body()` as its root process and returns the result; whatever is still alive afterwards
is killed. `until(condition)` waits for something to become true without a fixed sleep.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from otp.erts import process, runtime


def run(body: Callable[[], Any], *, loop: str = "auto") -> Any:
    """Run `body` (plain or async) as the root process of a new node called "test"."""
    return runtime.run(body, node="test", loop=loop)


async def until(condition: Callable[[], Any], seconds: float = 5.0) -> Any:
    """Wait until condition() is true and return it; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not true within {seconds} s: {condition}"
        await process.sleep(0.002)
    return value
