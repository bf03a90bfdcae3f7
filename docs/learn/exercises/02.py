"""Exercise 2: run a function somewhere else. Run `make exercise 2`.

`await attempt(seconds, fn, *args)` runs fn(*args), a plain or an async function, in a process of its own and returns

    ("ok", value)           what fn returned
    ("exit", reason)        the exit reason of the process, if it ended without a value
    ("timeout",)            it took longer than `seconds`; the process has been killed

It may be called from any process, any number of times. So it must leave nothing behind: no process that still runs, no
message in the caller's mailbox, and messages for the caller that come meanwhile stay there, in order.

As it stands it waits for ever if fn raises, and takes whatever message comes first for the answer.
Hints: spawn_monitor; receive with a function; exit_(pid, "kill"); demonitor(ref, flush=True).
"""

import inspect

from otp.erts.process import receive, self_, send, spawn


async def attempt(seconds, fn, *args):
    caller = self_()

    async def work():
        value = fn(*args)
        send(caller, ("ok", await value if inspect.isawaitable(value) else value))

    spawn(work)
    return await receive()
