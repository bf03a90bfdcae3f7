"""An answer to exercise 2: the value travels as the exit reason, so one message says everything."""

import inspect

from otp.erts.exits import ProcessExit, ReceiveTimeout
from otp.erts.process import demonitor, exit_, receive, spawn_monitor


class Value:
    """Marks a reason that is a value."""

    def __init__(self, value):
        self.value = value


async def attempt(seconds, fn, *args):
    async def work():
        value = fn(*args)
        raise ProcessExit(("shutdown", Value(await value if inspect.isawaitable(value) else value)))

    pid, ref = spawn_monitor(work)
    try:
        down = await receive(lambda message: getattr(message, "ref", None) is ref, timeout=seconds)
    except ReceiveTimeout:
        demonitor(ref, flush=True)
        exit_(pid, "kill")
        return ("timeout",)
    match down.reason:
        case ("shutdown", Value() as found):
            return ("ok", found.value)
    return ("exit", down.reason)
