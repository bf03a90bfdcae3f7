"""Watching an OS process: its lines, its readiness, its end last; with a pidfd and without."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import Any

import pytest

from otp.erts import process, runtime
from otp.kernel import child_process, lifeline
from otp.kernel.child_process import ChildEnded, Lines, Ready, Watch


async def _watch(code: str) -> list[Any]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        child = subprocess.Popen(
            [sys.executable, "-c", code.replace("FD", str(theirs.fileno()))],
            stderr=subprocess.PIPE,
            pass_fds=(theirs.fileno(),),
        )
    watch = Watch(child, ours, process.self_())
    seen: list[Any] = []
    while not (seen and isinstance(seen[-1], ChildEnded)):
        seen.append(await process.receive(timeout=20))
    watch.close()
    watch.close()
    return seen


@pytest.mark.parametrize("pidfd", [True, False])
def test_lines_then_the_end(monkeypatch: pytest.MonkeyPatch, pidfd: bool) -> None:
    if not pidfd:
        monkeypatch.setattr(child_process, "_pidfd", lambda pid: None)

    async def body() -> None:
        seen = await _watch("import sys; sys.stderr.write('a\\nb\\nno newline'); sys.exit(3)")
        lines = [line for message in seen[:-1] for line in message.lines]
        assert lines == ["a", "b", "no newline"]
        assert seen[-1] == ChildEnded(3)

    runtime.run(body)


def test_readiness_and_a_signal() -> None:
    async def body() -> None:
        code = f"import os, signal; os.write(FD, {lifeline.READY!r}); os.kill(os.getpid(), signal.SIGKILL)"
        seen = await _watch(code)
        assert seen[-1] == ChildEnded(-9)
        assert not any(isinstance(message, Lines) for message in seen)
        assert seen[:-1] in ([Ready()], [])  # its end may be seen before its word

    runtime.run(body)
