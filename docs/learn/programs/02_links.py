"""Links, monitors, exits: how one process learns of the end of another."""

from otp.erts import process, runtime
from otp.erts.exits import ProcessExit, ReceiveTimeout
from otp.erts.process import receive, send, spawn, spawn_link, spawn_monitor


async def worker(reason):
    """Waits for a message, then ends with that reason."""
    await receive()
    raise ProcessExit(reason)


async def parent(reason, trap):
    """Has a worker linked to it, sends it to its end, and says what it hears of it."""
    process.trap_exit(trap)
    send(spawn_link(worker, reason), "go")
    try:
        news = await receive(timeout=0.05)
        print("    it read an Exit message with reason", news.reason)
    except ReceiveTimeout:
        print("    it heard nothing")


async def main():
    pid = spawn(worker, "boom")
    ref = process.monitor(pid)
    send(pid, "go")
    down = await receive()
    print("a monitor tells who and why:", down.ref is ref, down.pid is pid, down.reason)
    process.monitor(pid)
    print("a monitor of what is gone already:", (await receive()).reason)

    for reason in ("boom", "normal"):
        for trap in (False, True):
            print(f"worker ends with {reason!r}, its parent traps exits: {trap}")
            _, ref = spawn_monitor(parent, reason, trap)
            print("    parent ended with", (await receive()).reason)


runtime.run(main)
