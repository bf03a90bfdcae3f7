"""A whole node as an OS process: up, told to stop, told twice, unable to boot, broken (after init_SUITE)."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from otp.release import boot


@contextmanager
def _node(*args: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.support.small_release", *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def _until(child: subprocess.Popen[str], line: str) -> None:
    assert child.stdout is not None
    for got in child.stdout:
        if got.strip() == line:
            return
    assert child.stderr is not None
    raise AssertionError(f"never said {line!r}: {child.stderr.read()}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_in_order(number: signal.Signals) -> None:
    with _node() as child:
        _until(child, "probe starts starting")
        _until(child, "started started started")
        child.send_signal(number)
        _until(child, "probe stops stopping")
        _until(child, "tree ended")
        assert child.wait(20) == 0


def test_a_second_signal_stops_it_at_once() -> None:
    with _node("slow-stop") as child:
        _until(child, "started started started")
        child.send_signal(signal.SIGTERM)
        _until(child, "probe stops stopping")
        child.send_signal(signal.SIGTERM)
        _out, err = child.communicate(timeout=20)
        assert child.returncode == 130
        assert "stopped at once" in err


def test_a_signal_during_the_boot_is_heard() -> None:
    with _node("slow-start") as child:
        _until(child, "probe starts starting")
        child.send_signal(signal.SIGTERM)
        _until(child, "tree ended")
        out, _err = child.communicate(timeout=20)
        assert child.returncode == 0
        assert "started" not in out


def test_hangup_reloads_and_it_goes_on() -> None:
    with _node() as child:
        _until(child, "started started started")
        for _ in range(2):
            child.send_signal(signal.SIGHUP)
            _until(child, "reloaded")
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 0


def test_a_failed_boot_says_why() -> None:
    with _node("fail") as child:
        out, err = child.communicate(timeout=20)
        assert child.returncode == 1
        assert "small 1 cannot boot: application probe did not start: listener did not start: port 5222 is taken" in err
        assert "started" not in out


def test_a_failure_after_the_last_application_is_one_of_the_boot() -> None:
    with _node("fail-started") as child:
        out, err = child.communicate(timeout=20)
        assert child.returncode == 1
        assert "small 1 cannot boot: no control socket" in err
        assert "tree ended" in out


def test_a_node_may_stop_itself() -> None:
    with _node("stop-itself") as child:
        out, _err = child.communicate(timeout=20)
        assert child.returncode == 0
        assert out.splitlines()[-1] == "tree ended"


def test_the_end_of_a_permanent_application_ends_the_node() -> None:
    with _node("crash-later") as child:
        _out, err = child.communicate(timeout=20)
        assert child.returncode == 1
        assert "the permanent application probe has ended: the tree is broken" in err


def test_outside_of_a_node() -> None:
    assert boot.get_status() == ("down", "")
