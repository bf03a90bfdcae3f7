"""Five things that are better without a gen_server; two with one, for comparison."""

import hashlib
import time

from otp.erts import process, runtime
from otp.erts.blocking import run_blocking
from otp.stdlib import ets, gen_server
from otp.stdlib.gen_server import GenServer, Reply


class Calculator(GenServer):
    """Wrong: it has no state. It only makes all callers wait for each other."""

    def init(self):
        return None

    def handle_call(self, request, from_, state):
        net, rate = request
        return Reply(with_tax(net, rate), state)


def with_tax(net, rate):
    """Right: a function. It runs in the process that wants to know."""
    return round(net * (1 + rate), 2)


class Settings(GenServer):
    """Wrong: what is read a thousand times for each write makes a queue of readers."""

    def init(self):
        return {"greeting": "hello"}

    def handle_call(self, key, from_, settings):
        return Reply(settings[key], settings)


class SettingsTable(GenServer):
    """Right: one process writes the table, all read it."""

    def init(self):
        table = ets.new("settings")
        table["greeting"] = "hello"
        return table


def hashed(password):
    return hashlib.pbkdf2_hmac("sha256", password.encode(), b"salt", 400_000).hex()[:8]


async def others_go_on(work):
    """How many turns another process has while `work` is awaited."""
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await process.sleep(0.001)

    pid = process.spawn(other)
    await process.sleep(0)
    turns = 0
    await work()
    process.exit_(pid, "kill")
    return turns


async def in_the_loop():
    hashed("secret")


async def in_a_thread():
    await run_blocking(hashed, "secret")


async def main():
    calculator = await gen_server.start_link(Calculator)
    print("tax:", await gen_server.call(calculator, (100, 0.2)), with_tax(100, 0.2))

    settings = await gen_server.start_link(Settings)
    await gen_server.start_link(SettingsTable)
    table = ets.lookup_table("settings")
    print("settings:", await gen_server.call(settings, "greeting"), table["greeting"])
    by_call = await timed(lambda: gen_server.call(settings, "greeting"))
    by_table = await timed(lambda: ready(table["greeting"]))
    print("a look-up in the table is faster than a call:", by_table < by_call)

    print("turns of another process while hashing in the loop:", await others_go_on(in_the_loop))
    print("some, while hashing in a thread:", await others_go_on(in_a_thread) > 1)


async def ready(value):
    return value


async def timed(fn, times=2000):
    began = time.perf_counter()
    for _ in range(times):
        await fn()
    return time.perf_counter() - began


runtime.run(main)
