"""test_interrupt — Ctrl-C and SIGTERM end a program in order."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from otp.erts import process, runtime
from otp.erts.interrupt import Interrupted

ROOT = Path(__file__).parents[3]
PROGRAM = """
import asyncio, sys, time
from otp.erts import process, runtime
from otp.stdlib import gen_server

class Part(gen_server.GenServer):
    def init(self, name):
        process.trap_exit()
        return name
    async def terminate(self, reason, name):
        await asyncio.sleep(0.01)
        print(name, "ends:", reason, flush=True)

async def main():
    await gen_server.start_link(Part, "one")
    await gen_server.start_link(Part, "two")
    try:
        print("up", flush=True)
        await WAIT
    finally:
        print("main cleans up", flush=True)

runtime.run(main, loop=sys.argv[1])
"""
WAITS = {"receive": "process.receive()", "asyncio": "asyncio.Event().wait()"}


def ended(program: str, number: int, loop: str = "auto") -> tuple[int, list[str]]:
    """Run a program until it is up, send it a signal; its status, and what it said after."""
    command = [sys.executable, "-c", program, loop]
    output = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=output, stderr=subprocess.STDOUT, text=True, cwd=ROOT, preexec_fn=_hear_signals
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "up\n"
            said = _told(child, number)
        finally:
            child.kill()  # nothing happens to one that has ended
        return child.returncode, said.splitlines()


def _told(child: subprocess.Popen[str], number: int) -> str:
    """What it says after the signal. What a handler raises where Python forgets it, as in the end of an object, ends
    nothing; then people ask again."""
    until = time.monotonic() + 60
    while True:
        child.send_signal(number)
        try:
            return child.communicate(timeout=10)[0]
        except subprocess.TimeoutExpired:
            if time.monotonic() > until:
                raise


def _hear_signals() -> None:
    """In the child: a shell starts what runs in its background with SIGINT ignored, and that is inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_program_in_order(number: signal.Signals, wait: str, loop: str) -> None:
    status, said = ended(PROGRAM.replace("WAIT", WAITS[wait]), number, loop)
    assert said == ["main cleans up", "two ends: shutdown", "one ends: shutdown"]
    assert status == 128 + number


def test_main_may_take_the_signal_for_itself() -> None:
    program = PROGRAM.replace("    finally:", "    except asyncio.CancelledError:")
    status, said = ended(program.replace("WAIT", WAITS["receive"]), signal.SIGINT)
    assert (status, said) == (0, ["main cleans up"])


#: where a signal may strike: what main does, and whether the children are then told in order
STRIKES = {
    "idle": ("process.receive()", True),
    "loop": ("asyncio.Event().wait()", True),
    "main's own code": ("asyncio.sleep(time.sleep(60) or 0)", True),
    "the runtime": ("spin(give=True)", True),
    "a server's code": ("gen_server.call(await gen_server.start(Busy), 'spin', None)", True),
    "a linked server's code": ("gen_server.call(await gen_server.start_link(Busy), 'spin', None)", False),
}
OWN = """
import signal

class Busy(gen_server.GenServer):
    def init(self):
        return None
    def handle_call(self, request, from_, state):
        while True:
            sum(range(100))

async def spin(give):
    while True:
        await process.give_way()

def leave(number, frame):
    sys.exit(3)

"""


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("strike", STRIKES)
def test_a_handler_of_its_own_that_leaves_ends_the_program_wherever_it_strikes(strike: str, loop: str) -> None:
    wait, in_order = STRIKES[strike]
    mine = OWN + "signal.signal(signal.SIGTERM, leave)\nruntime.run("
    status, said = ended(PROGRAM.replace("runtime.run(", mine).replace("WAIT", wait), signal.SIGTERM, loop)
    assert status == 3
    if in_order:
        assert said[-3:] == ["main cleans up", "two ends: shutdown", "one ends: shutdown"]


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("install", ["signal.signal(signal.SIGTERM, leave)", "LOOP(signal.SIGTERM, sys.exit, 3)"])
def test_one_that_main_installs_does_too_when_it_strikes_outside_of_a_process(install: str, loop: str) -> None:
    mine = install.replace("LOOP", "asyncio.get_running_loop().add_signal_handler")
    program = PROGRAM.replace("async def main():", f"{OWN}async def main():\n    {mine}")
    program = program.replace('print("up", ', 'asyncio.get_running_loop().call_soon(lambda: print("up", ')
    program = program.replace('("up", flush=True)', '("up", flush=True))')
    status, said = ended(program.replace("WAIT", WAITS["receive"]), signal.SIGTERM, loop)
    assert status == 3
    assert said[-3:] == ["main cleans up", "two ends: shutdown", "one ends: shutdown"]


def test_a_handler_of_its_own_that_does_something_else_does_just_that() -> None:
    mine = "import os, signal\nsignal.signal(signal.SIGTERM, lambda *_: os._exit(3))\nruntime.run("
    status, said = ended(PROGRAM.replace("runtime.run(", mine).replace("WAIT", WAITS["receive"]), signal.SIGTERM)
    assert status == 3
    assert "two ends: shutdown" not in said


def test_a_second_signal_to_one_that_leaves_ends_at_once() -> None:
    stuck = PROGRAM.replace('print("main cleans up", flush=True)', "print('up', flush=True); await asyncio.sleep(60)")
    mine = OWN + "signal.signal(signal.SIGTERM, leave)\nruntime.run("
    command = [sys.executable, "-c", stuck.replace("runtime.run(", mine).replace("WAIT", WAITS["receive"]), "auto"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, preexec_fn=_hear_signals) as child:
        assert child.stdout is not None
        for _ in range(2):
            assert child.stdout.readline() == "up\n"
            child.send_signal(signal.SIGTERM)
        assert child.wait(50) == 3


def test_the_handlers_are_those_of_before_when_the_node_has_ended() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    during = []

    async def main() -> None:
        during.extend([signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)])
        signal.raise_signal(signal.SIGTERM)
        await process.receive(timeout=30)

    with pytest.raises(KeyboardInterrupt) as caught:
        runtime.run(main)
    assert isinstance(caught.value, Interrupted)
    assert caught.value.code == 143
    assert during[0] is not before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_second_signal_ends_at_once() -> None:
    stuck = PROGRAM.replace('print("main cleans up", flush=True)', 'print("up", flush=True); time.sleep(60)')
    command = [sys.executable, "-c", stuck.replace("WAIT", WAITS["receive"]), "auto"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, preexec_fn=_hear_signals) as child:
        assert child.stdout is not None
        for _ in range(2):
            assert child.stdout.readline() == "up\n"
            child.send_signal(signal.SIGINT)
        assert child.wait(50) == -signal.SIGINT


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_a_callback_of_the_loop_that_leaves_ends_the_program_in_order(error: type[BaseException], loop: str) -> None:
    said = []

    def leave() -> None:
        raise error(4)

    async def main() -> None:
        asyncio.get_running_loop().call_soon(leave)
        try:
            await process.receive(timeout=30)
        finally:
            said.append("main cleans up")

    with pytest.raises(error) as left:
        runtime.run(main, loop=loop)
    assert (left.value.args, said) == ((4,), ["main cleans up"])
