"""test_reaper — orphans that have ended do not stay, and what somebody waits for is left to him.

Way:  otp.kernel.reaper
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = str(Path(__file__).parents[3])
#: adopts orphans, makes one that ends at once, and a child of its own that ends too
PROGRAM = """
import ctypes, os, sys
sys.path.insert(0, {here!r})
from otp.erts import process, runtime
from otp.kernel import reaper
assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0
assert reaper.reap() == []
def orphan():
    middle = os.fork()
    if not middle:
        os._exit(0 if os.fork() else os.execlp("true", "true"))
    os.waitpid(middle, 0)
def zombies():
    pids = open(f"/proc/self/task/{{os.getpid()}}/children").read().split()
    return [p for p in pids if " Z " in open(f"/proc/{{p}}/stat").read()]
async def main():
    await reaper.start_link(0.01)
    orphan()
    await process.sleep(0.02)
    for _ in range(1000):
        if not open(f"/proc/self/task/{{os.getpid()}}/children").read().split():
            break
        await process.sleep(0.01)
    else:
        raise AssertionError("the orphan is still there")
    ours = os.fork()
    if not ours:
        os._exit(7)
    reaper.OURS.add(ours)
    while not zombies():
        await process.sleep(0.01)
    await process.sleep(0.1)
    assert os.waitstatus_to_exitcode(os.waitpid(ours, 0)[1]) == 7
runtime.run(main)
"""


def test_orphans_go_and_our_own_are_left_to_who_waits() -> None:
    program = PROGRAM.format(here=HERE)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
