"""Five processes, linked like a chain. The one in the middle breaks."""

from otp.erts import process, runtime
from otp.erts.exits import ProcessExit
from otp.erts.process import receive, send, spawn


async def ring(name, before, trap):
    process.trap_exit(trap)
    if before is not None:
        process.link(before)
    await receive(lambda message: message == "break")
    raise ProcessExit(f"{name} broke")


async def main():
    a = spawn(ring, "a", None, False)
    b = spawn(ring, "b", a, False)
    c = spawn(ring, "c", b, False)
    d = spawn(ring, "d", c, True)
    e = spawn(ring, "e", d, False)
    await process.sleep(0.01)
    send(c, "break")
    await process.sleep(0.01)
    for name, pid in zip("abcde", (a, b, c, d, e), strict=True):
        print(name, "lives" if process.is_alive(pid) else "is dead")


runtime.run(main)
