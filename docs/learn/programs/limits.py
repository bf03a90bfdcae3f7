"""What otp cannot do that a BEAM can, each limit shown by a few lines."""

import logging
import time
from itertools import pairwise

from otp.erts import process, runtime
from otp.erts.exits import ProcessExit
from otp.erts.process import receive, self_, send, spawn
from otp.kernel import stall
from otp.kernel.stall import StallConfig

logging.disable()


async def ticker(ticks):
    while True:
        ticks.append(time.perf_counter())
        await process.sleep(0.01)


async def no_preemption():
    """A process that computes, or sleeps as a thread does, holds up its node; kill waits for it too."""
    ticks = []
    spawn(ticker, ticks)
    await process.sleep(0)
    watch = stall.start(StallConfig(alarm=0.2, restart=None, tick=0.05))

    def busy():
        time.sleep(0.6)

    pid = spawn(busy, name="busy")
    await process.sleep(0.05)
    watch.stop()
    longest = max(after - before for before, after in pairwise(ticks))
    print("another process waited for more than 0.5 s:", longest > 0.5, "| busy has ended:", not process.is_alive(pid))
    alarm = stall.ALARMS[-1]
    print("stall names it:", alarm.process.split()[1], "| and shows where:", "time.sleep(0.6)" in alarm.stack)


async def shared_messages():
    """Sender and receiver hold the same object."""
    order = ["tea"]
    send(self_(), order)
    order.append("cake")
    print("sent ['tea'], received", await receive())


async def exceptions_are_exits():
    """An exit is an exception on its way out, so a broad `except` stops it; and a kill runs `finally`."""

    async def broad():
        try:
            raise ProcessExit("boom")
        except Exception as error:
            print("caught on its way:", type(error).__name__)

    async def tidy():
        try:
            await receive()
        finally:
            print("finally runs, although it was killed")

    _, ref = process.spawn_monitor(broad)
    print("so the process ended with", (await receive(lambda m: m.ref is ref)).reason)
    pid = spawn(tidy)
    await process.sleep(0)
    process.exit_(pid, "kill")
    await process.sleep(0)


async def names_are_text():
    """A name is a str, taken on one node; nothing but convention keeps two parts from the same one."""
    process.register("clerk", self_())
    print("found:", process.whereis("clerk") is self_(), "| a typing error is found late:", process.whereis("clark"))


async def main():
    for part in (no_preemption, shared_messages, exceptions_are_exits, names_are_text):
        print(f"-- {part.__name__}")
        await part()


runtime.run(main)
