"""heart — nodes that are started again, by the cases of heart_SUITE: whole OS processes that crash, hang and stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from otp.erts import process
from otp.erts.exits import CallError, StartError
from otp.kernel import heart
from otp.kernel.heart import LONGEST
from tests.support.node import run

PATIENCE = 30.0


class Story:
    """The file in which nodes tell of themselves."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def lines(self) -> list[str]:
        return self.file.read_text().splitlines() if self.file.exists() else []

    def pids(self) -> list[int]:
        return [int(line.split()[1]) for line in self.lines() if line.startswith("up")]

    def kinds(self) -> list[str]:
        return [line.split()[0] for line in self.lines()]

    def until(self, *kinds: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.kinds() != list(kinds):
            assert time.monotonic() < deadline, f"{self.kinds()}, never {kinds}"
            time.sleep(0.02)


@contextmanager
def node(tmp_path: Path, *words: str) -> Iterator[tuple[Story, subprocess.Popen[bytes]]]:
    """A node and those that follow it. The last word of a test is one after which nothing is started any more."""
    story = Story(tmp_path / "story")
    command = [sys.executable, "-m", "tests.support.heart_release", str(story.file), *words]
    with subprocess.Popen(command) as child:
        try:
            yield story, child
        finally:
            for pid in story.pids():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
            child.wait(PATIENCE)


def test_heart__start(tmp_path: Path) -> None:
    """A node with a heart stops in order when it says so: nothing is started."""
    with node(tmp_path, "stop") as (story, child):
        assert child.wait(PATIENCE) == 0
        time.sleep(0.3)
        assert story.kinds() == ["up", "down"]


def test_heart__restart(tmp_path: Path) -> None:
    """A restart within the OS process goes on under the same pid; the heart of the first life starts nothing."""
    with node(tmp_path, "restart", "stop") as (story, child):
        assert child.wait(PATIENCE) == 0
        story.until("up", "down", "up", "down")
        time.sleep(0.3)
        assert story.kinds() == ["up", "down", "up", "down"]
        assert len(set(story.pids())) == 1


def test_heart__reboot(tmp_path: Path) -> None:
    """A reboot ends the OS process in order, and another one follows."""
    with node(tmp_path, "reboot", "stop") as (story, child):
        assert child.wait(PATIENCE) == 75
        story.until("up", "down", "up", "down")
        assert len(set(story.pids())) == 2


def test_heart__node_start_soon_after_crash(tmp_path: Path) -> None:
    """Killed as soon as it is up, time after time: each time another follows."""
    with node(tmp_path, "crash", "crash", "crash", "stop") as (story, child):
        assert child.wait(PATIENCE) == -signal.SIGKILL
        story.until("up", "up", "up", "up", "down")
        assert len(set(story.pids())) == 4


def test_heart__node_start_soon_after_crash__one_that_hangs_is_killed_first(tmp_path: Path) -> None:
    with node(tmp_path, "hang", "stop") as (story, child):
        assert child.wait(PATIENCE) == -signal.SIGKILL
        story.until("up", "up", "down")


def test_heart__set_cmd(tmp_path: Path) -> None:
    """Another command takes the place of the first; what is none is refused."""
    with node(tmp_path, "other") as (story, child):
        assert child.wait(PATIENCE) == -signal.SIGKILL
        story.until("up", "other")

    async def body() -> None:
        with pytest.raises(CallError, match="noproc"):
            await heart.get_cmd()
        process.trap_exit()
        await heart.start_link(["first"])
        assert await heart.get_cmd() == ["first"]
        await heart.set_cmd(["second", "x y"])
        assert await heart.get_cmd() == ["second", "x y"]
        for wrong in ([], [""], "line", ["x", 7], ["x" * LONGEST]):
            with pytest.raises(ValueError, match="no command"):
                await heart.set_cmd(wrong)  # type: ignore[arg-type]
        await heart.clear_cmd()
        assert await heart.get_cmd() == ["first"]
        with pytest.raises(StartError):
            await heart.start_link([])
        await heart.shutdown()

    run(body)


def test_heart__callback_api(tmp_path: Path) -> None:
    """A callback that does not say True is as bad as no beat; it can be set, read and taken away."""
    with node(tmp_path, "sick", "stop") as (story, child):
        assert child.wait(PATIENCE) == -signal.SIGKILL
        story.until("up", "up", "down")

    async def body() -> None:
        process.trap_exit()
        asked: list[int] = []

        async def well() -> bool:
            asked.append(1)
            return True

        await heart.start_link(["command"], timeout=0.3)
        assert await heart.get_callback() is None
        await heart.set_callback(well)
        assert await heart.get_callback() is well
        await process.sleep(0.5)
        assert len(asked) >= 2
        assert process.whereis("heart") is not None
        for wrong in (None, "fn", 7):
            with pytest.raises(TypeError):
                await heart.set_callback(wrong)  # type: ignore[arg-type]
        await heart.clear_callback()
        assert await heart.get_callback() is None
        await heart.shutdown()

    run(body)
