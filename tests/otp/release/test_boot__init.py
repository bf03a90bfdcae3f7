"""boot — what a node is told and does as a whole, by the cases of init_SUITE and application_SUITE:script_start."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from otp.release import boot

PATIENCE = 30


def node(*args: str) -> tuple[int, list[str], str]:
    """Run a node to its end: exit status, lines of standard output, standard error."""
    command = [sys.executable, "-m", "tests.support.init_release", *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.returncode, done.stdout.splitlines(), done.stderr


def test_init__get_arguments() -> None:
    long = "x" * 1000
    words = ["-do", "print", "-a", "kalle", "-a", "b", "c", "-empty", "--", "p1", "-a", long, "-extra", "-a", "p2"]
    status, lines, _err = node(*words)
    assert status == 0
    flags = (("do", ("print",)), ("a", ("kalle",)), ("a", ("b", "c")), ("empty", ()), ("a", (long,)))
    assert f"arguments {flags}" in lines
    assert f"plain {('p1', '-a', 'p2')}" in lines


def test_init__get_argument() -> None:
    """Each time a flag was given, with its values; none of one that was not."""
    _status, lines, _err = node("-do", "print", "-a", "kalle", "-b", "-a", "1", "2")
    assert f"a {[('kalle',), ('1', '2')]}" in lines
    assert "missing None" in lines
    assert boot.get_argument("a") is None
    assert boot.get_arguments() == boot.get_plain_arguments() == ()


def test_init__boot_var() -> None:
    """A resource that names a place by a variable: without it there is no boot, and the variable is named."""
    status, lines, err = node("-needs_var", "-do", "stop", "0")
    assert status == 1
    assert "the boot variable PLACE is not set" in err
    assert not any(line.startswith("up") for line in lines)
    status, lines, _err = node("-needs_var", "-boot_var", "OTHER", "x", "PLACE", "/some/where", "-do", "stop", "0")
    assert status == 0
    assert "up 1 /some/where/data" in lines


def test_init__restart() -> None:
    """All applications down in order and up again, in the same OS process, with the same arguments."""
    status, lines, _err = node("-do", "restart", "1")
    assert status == 0
    ups = [line for line in lines if line.startswith(("up", "down"))]
    assert ups == ["up 1 ", "down 1 stopping", "up 2 ", "down 2 stopping"]
    assert lines.count("status started started") == 2


def test_init__many_restarts() -> None:
    status, lines, err = node("-do", "restart", "20")
    assert (status, err) == (0, "")
    assert [line for line in lines if line.startswith("up")] == [f"up {n} " for n in range(1, 22)]


def test_init__stop_status() -> None:
    """The exit status is the one that stop() was given; a failure also says why."""
    for wanted in (0, 1, 7, 127):
        status, lines, err = node("-do", "stop", str(wanted))
        assert status == wanted
        assert ("as told" in err) == (wanted != 0)
        assert lines[-1] == "down 1 stopping"
    assert node("-do", "reboot")[0] == boot.REBOOT


def test_init__get_status() -> None:
    """starting while it boots, started after it, stopping on the way down, down outside of a node."""
    command = [sys.executable, "-m", "tests.support.small_release"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline().strip() for _ in range(2)]
        child.send_signal(signal.SIGTERM)
        lines += child.stdout.read().splitlines()
        assert child.wait(PATIENCE) == 0
    assert lines == ["probe starts starting", "started started started", "probe stops stopping", "tree ended"]
    assert boot.get_status() == ("down", "")


def test_init__script_id() -> None:
    _status, lines, _err = node("-do", "print")
    assert "script told 3.1" in lines
    assert boot.script_id() is None


def test_init__boot1() -> None:
    """A good script boots; a script that cannot be made is an error before anything is started."""
    status, lines, _err = node("-do", "stop", "0")
    assert status == 0
    assert lines[:2] == ["up 1 ", "status started started"]
    status, lines, err = node("-no_kernel")
    assert status == 1
    assert lines == []
    assert "'kernel' must be part of every release" in err


@pytest.mark.parametrize("how", ["fail", "fail-started"])
def test_init__boot2(how: str) -> None:
    """A script whose last application, or last step, fails: what was up is taken down, the node says why and ends."""
    command = [sys.executable, "-m", "tests.support.small_release", how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1
    assert "small 1 cannot boot:" in done.stderr
    assert "started started" not in done.stdout


def test_application__script_start() -> None:
    """The applications of a boot script, in dependency order, each with its type: a permanent one ends the node."""
    status, lines, _err = node("-do", "stop", "0")
    assert (status, lines) == (0, ["up 1 ", "status started started", "down 1 stopping"])
    command = [sys.executable, "-m", "tests.support.small_release", "crash-later"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1
    assert "the permanent application probe has ended" in done.stderr
