"""test_forker — processes that are forked off a warm one are what executed ones would be.

Way:  otp.kernel.forker
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="orphans are adopted on Linux only")
#: a program with a forker; `made` is it, `spawn` forks a process that runs `forked_program`, and tells what that says
PROGRAM = """
import json, os, sys
sys.path[:0] = [{here!r}, {folder!r}]
from otp.kernel import forker
made = forker.start()
if isinstance(made, forker.Task):
    sys.exit(made.run())
def spawn(*args, fds={{}}, **env):
    read, write = os.pipe()
    words = [sys.executable, "-I", "-m", "forked_program", *args]
    child = made.fork(words, env, {{2: write, **fds}}, os.fdopen(read, "rb"))
    os.close(write)
    return child
def end_of(child):
    while child.poll() is None:
        pass
    return child.poll()
{body}
"""
CHILD = """
import json, os, signal, sys, threading
def main(args):
    if args[:1] == ["wait"]:
        signal.pause()
    if args[:1] == ["raise"]:
        raise ValueError("on purpose")
    threading.Thread(target=lambda: sys.stderr.write(""), daemon=False).start()
    print(json.dumps({
        "args": args, "argv": sys.argv, "env": dict(os.environ), "parent": os.getppid(), "pid": os.getpid(),
        "leader": os.getsid(0) == os.getpid(), "cmdline": open("/proc/self/cmdline").read().rstrip("\\0").split("\\0"),
        "fds": sorted(int(fd) for fd in os.listdir("/proc/self/fd")),
        "int": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
        "hup": signal.getsignal(signal.SIGHUP) == signal.SIG_DFL,
        "read": os.read(50, 10).decode() if "read" in args else "",
    }), file=sys.stderr)
    return 7
"""


def run(tmp_path: Path, body: str) -> Any:
    """What a program prints, from JSON."""
    (tmp_path / "forked_program.py").write_text(CHILD)
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(here=str(HERE), folder=str(tmp_path), body=body))
    long = ["x" * 200]  # room for the command lines of those that are forked
    done = subprocess.run(
        [sys.executable, str(program), *long], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_is_our_child_with_what_it_was_given_and_nothing_else(tmp_path: Path) -> None:
    body = """
os.environ["SECRET"] = "of the parent's, set later"
read, write = os.pipe()
os.write(write, b"hello")
child = spawn("read", "b", fds={50: read, 0: read}, COLOUR="red")
status = end_of(child)
print(json.dumps([os.getpid(), child.pid, status, json.loads(child.stderr.read())]))
"""
    parent, pid, status, told = run(tmp_path, body)
    assert (told["parent"], told["pid"], status) == (parent, pid, 7)
    assert told["args"] == ["read", "b"]
    assert told["argv"] == ["forked_program", "read", "b"]
    assert told["env"] == {"COLOUR": "red"}
    assert told["cmdline"][1:] == ["-I", "-m", "forked_program", "read", "b"]
    assert told["read"] == "hello"
    assert told["leader"]
    assert told["int"]
    assert told["hup"]
    assert [fd for fd in told["fds"] if fd > 2] in ([50], [3, 50])  # 3: the folder that it lists


def test_how_they_end_is_told_and_a_crash_has_its_traceback(tmp_path: Path) -> None:
    body = """
waits, raises = spawn("wait"), spawn("raise")
waits.send_signal(15)
print(json.dumps([end_of(waits), end_of(raises), raises.stderr.read().decode()]))
"""
    killed, raised, text = run(tmp_path, body)
    assert (killed, raised) == (-15, 1)
    assert text.endswith("ValueError: on purpose\n")


def test_what_was_forked_outlives_its_forker_and_that_one_ends_with_us(tmp_path: Path) -> None:
    body = """
import signal
child = spawn("wait")
os.kill(made.pid, signal.SIGKILL)
try:
    spawn("more")
except forker.ForkError as error:
    said = str(error)
print(json.dumps([child.poll(), said, made.closed]))
child.send_signal(9)
end_of(child)
"""
    alive, said, closed = run(tmp_path, body)
    assert (alive, closed) == (None, True)
    assert "forker" in said
    (pid,) = run(tmp_path, "print(json.dumps([made.pid]))")
    for _ in range(1000):
        if not Path(f"/proc/{pid}").exists():
            return
        subprocess.run(["sleep", "0.01"], check=True)
    raise AssertionError("the forker outlives who began it")


def test_a_request_that_is_too_large_is_refused(tmp_path: Path) -> None:
    body = """
try:
    spawn("x" * 200_000)
except forker.ForkError as error:
    print(json.dumps([str(error), made.closed]))
"""
    said, closed = run(tmp_path, body)
    assert "too much" in said
    assert not closed


def test_with_a_thread_there_is_no_fork(tmp_path: Path) -> None:
    program = "import threading, sys; threading.Thread(target=threading.Event().wait, daemon=True).start();"
    program += f"sys.path.insert(0, {str(HERE)!r}); from otp.kernel import forker; print(forker.start())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"
