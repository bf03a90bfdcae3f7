"""test_stall — a loop that stands still is noticed, told of, and ended.

Way:  otp.kernel.stall
"""

from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
import time

import pytest

from otp.erts import process
from otp.erts.exits import Crash
from otp.erts.scheduler import THIS
from otp.erts.signals import Down
from otp.kernel import stall
from otp.kernel.stall import StallConfig, StallWatch
from tests.support.node import run, until

QUICK = StallConfig(alarm=0.1, restart=None, tick=0.02)

HANG = """
import re, sys, time
from otp.erts import process, runtime
from otp.kernel import stall
async def main():
    stall.start(stall.StallConfig(alarm=0.1, restart=0.3, tick=0.05))
    await process.sleep(0.2)
    {block}
runtime.run(main)
"""


def block(seconds: float) -> None:
    """Holds up the loop, and does not give way."""
    time.sleep(seconds)


def test_an_alarm_names_who_holds_up_the_loop_and_where(caplog: pytest.LogCaptureFixture) -> None:
    stall.ALARMS.clear()

    async def body() -> None:
        watch = StallWatch(QUICK)
        watch.start()
        pid = process.spawn(block, 0.4, name="sleeper")
        await until(lambda: not process.is_alive(pid))
        await until(lambda: "turns again" in caplog.text)
        watch.stop()
        (alarm,) = stall.ALARMS
        assert str(pid) in alarm.process
        assert "sleeper (block)" in alarm.process
        assert "time.sleep(seconds)" in alarm.stack
        assert alarm.seconds >= 0.1

    with caplog.at_level(logging.WARNING, "otp.stall"):
        run(body)
    assert "the loop stands still for" in caplog.text


def test_a_loop_that_turns_gives_no_alarm() -> None:
    stall.ALARMS.clear()

    async def body() -> None:
        watch = StallWatch(StallConfig(alarm=2.0, restart=None, tick=0.01))
        watch.start()
        await process.sleep(0.1)
        watch.stop()

    run(body)
    assert not stall.ALARMS


def test_what_stands_still_too_long_is_ended() -> None:
    ends: list[int] = []

    async def body() -> None:
        watch = StallWatch(StallConfig(alarm=None, restart=0.1, tick=0.02), end=ends.append)
        watch.start()
        block(0.3)
        watch.stop()

    run(body)
    assert ends == [stall.STATUS]


def compute() -> None:
    """Holds up the loop, and lets no exception of a usual kind out."""
    while True:
        with contextlib.suppress(Exception):
            sum(range(1000))


def test_a_process_that_computes_for_too_long_is_ended_and_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        watch = StallWatch(StallConfig(alarm=None, restart=None, tick=0.02, end=0.2))
        watch.start()
        other = process.spawn(process.receive)
        for name in ("first", "second"):
            pid, ref = process.spawn_monitor(compute)
            process.register(name, pid)
            down = await process.receive(lambda m, ref=ref: isinstance(m, Down) and m.ref is ref, timeout=20)
            assert isinstance(down.reason, Crash)
            assert "sum(range(1000))" in down.reason.traceback
        assert process.is_alive(other)
        watch.stop()

    with caplog.at_level(logging.CRITICAL, "otp.stall"):
        run(body)
    assert "first (compute) has computed for more than 0.2 s: it is ended" in caplog.text
    assert "second (compute)" in caplog.text


def test_who_only_waits_has_not_computed() -> None:
    async def body() -> None:
        watch = StallWatch(StallConfig(alarm=None, restart=None, tick=0.02, end=0.2))
        watch.start()
        _, ref = process.spawn_monitor(block, 0.5)
        down = await process.receive(lambda m: isinstance(m, Down) and m.ref is ref, timeout=20)
        assert down.reason == "normal"
        watch.stop()

    run(body)


@pytest.mark.parametrize(
    ("code", "status"),
    [("time.sleep(60)", stall.STATUS), ("re.match('(a+)+$', 'a' * 64 + 'b')", 1)],
    ids=["sleeps", "keeps the interpreter"],
)
def test_the_os_process_ends_with_its_stacks_on_standard_error(code: str, status: int) -> None:
    command = [sys.executable, "-c", HANG.format(block=code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == status, done.stderr
    assert 'File "<string>", line 8 in main' in done.stderr


def test_neither_alarm_nor_restart_is_no_watch() -> None:
    assert stall.start(StallConfig(alarm=None, restart=None)) is None


def test_a_picture_of_nobody() -> None:
    async def body() -> stall.Alarm:
        return stall.picture(0, 1.0)

    found = run(body)
    assert found.stack == ""
    assert THIS.running is None
