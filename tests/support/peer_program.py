"""peer_program — an OS process under a peer: ready (or not), then as told.

python -m tests.support.peer_program [ready | silent | deaf | exit N]
"""

from __future__ import annotations

import os
import sys

from otp.erts import process, runtime
from otp.kernel import lifeline


async def _main(mode: str) -> None:
    me = process.self_()
    line = lifeline.adopt(lambda: process.send(me, "orphaned"))
    assert line is not None
    assert lifeline.VARIABLE not in os.environ
    print("hello on standard error", file=sys.stderr, flush=True)
    if mode != "silent":
        line.ready()
    await process.receive()


if __name__ == "__main__":
    import signal

    if sys.argv[1] == "exit":
        print("first\nlast words", file=sys.stderr)
        sys.exit(int(sys.argv[2]))
    if sys.argv[1] == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    runtime.run(lambda: _main(sys.argv[1]))
