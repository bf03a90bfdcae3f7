"""The child's end of a lifeline: ready once, orphaned once; nothing without a parent."""

from __future__ import annotations

import os
import socket

import pytest

from otp.erts import runtime
from otp.kernel import lifeline
from tests.support.node import until


def test_ready_and_orphaned(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        ours, theirs = socket.socketpair()
        monkeypatch.setenv(lifeline.VARIABLE, str(theirs.detach()))
        orphaned: list[str] = []
        line = lifeline.adopt(lambda: orphaned.append("orphaned"))
        assert line is not None
        assert lifeline.VARIABLE not in os.environ
        line.ready()
        assert ours.recv(64) == lifeline.READY
        ours.send(b"ignored")
        ours.close()
        await until(lambda: orphaned)
        line.ready()
        line.close()
        assert orphaned == ["orphaned"]

    runtime.run(body)


@pytest.mark.parametrize("value", [None, "", "seven"])
def test_without_a_parent(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv(lifeline.VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(lifeline.VARIABLE, value)
    runtime.run(lambda: _nobody())


def _nobody() -> None:
    assert lifeline.adopt(lambda: None) is None
