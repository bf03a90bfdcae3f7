"""suspension — see test_trace__suspend for the whole; here what cannot be suspended, and what a suspended one keeps."""

from __future__ import annotations

import pytest

from otp.erts import process
from otp.erts.process import receive, self_, send, sleep, spawn
from tests.support.node import run


def test_who_cannot_be_suspended() -> None:
    async def body() -> None:
        dead = spawn(lambda: None)
        await sleep(0.002)
        for wrong in (self_(), dead):
            with pytest.raises(ValueError, match="cannot be suspended"):
                process.suspend_process(wrong)

    run(body)


def test_what_became_due_meanwhile_is_done_on_resume() -> None:
    async def body() -> None:
        me = self_()

        async def sleeper() -> None:
            await sleep(0.005)
            send(me, "awake")

        pid = spawn(sleeper)
        await sleep(0.001)
        process.suspend_process(pid)
        await sleep(0.01)
        with pytest.raises(process.exits.ReceiveTimeout):
            await receive(timeout=0)
        process.resume_process(pid)
        assert await receive(timeout=5) == "awake"

    run(body)
