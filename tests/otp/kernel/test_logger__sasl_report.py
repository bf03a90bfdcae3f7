"""What the log says when a gen_server dies under its supervisor, by the cases of sasl_report_SUITE."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otp.erts.process import receive, trap_exit
from otp.erts.signals import Exit
from otp.kernel import logger
from otp.kernel.logger import LONGEST, LogConfig
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import ChildSpec, Restart, SupFlags
from otp.stdlib.gen_server import GenServer, NoReply
from otp.stdlib.supervisor import Supervisor
from tests.support.node import run, until


class Dies(GenServer[Any]):
    def init(self, state: Any) -> Any:
        return state

    def handle_cast(self, request: Any, state: Any) -> Any:
        raise ValueError(request)

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)


class Sup(Supervisor):
    def init(self, state: Any) -> Any:
        start = (gen_server.start_link, (Dies, state), {"name": "dies"})
        return SupFlags(intensity=0), [ChildSpec("dies", start, restart=Restart.PERMANENT)]


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "node.log"
    level = logging.getLogger().level
    handler = logger.setup(LogConfig(file, "json"))
    yield file
    logging.getLogger().removeHandler(handler)
    logging.getLogger().setLevel(level)
    handler.close()


def crash(path: Path, state: Any, request: Any) -> list[dict[str, Any]]:
    """Let the server die of a request, and its supervisor of that; the lines of the log."""

    async def body() -> None:
        trap_exit()
        sup = await supervisor.start_link(Sup, state, name="sup")
        gen_server.cast("dies", request)
        assert await receive(lambda m: isinstance(m, Exit), timeout=5) == Exit(sup, "shutdown")
        await until(lambda: True)

    run(body)
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_sasl_report__gen_server_crash(path: Path) -> None:
    """An error report with its crash report, and the supervisor's two; however big the state, a line stays a line."""
    lines = crash(path, {"big": "x" * 100_000, "list": list(range(10_000))}, "why it died")
    kinds = [line["logger"] for line in lines if line["level"] == "ERROR"]
    assert kinds == ["otp.proc_lib", "otp.supervisor", "otp.supervisor"]
    error, ended, gave_up = (line for line in lines if line["level"] == "ERROR")
    assert "Dies terminating" in error["text"]
    assert "ValueError: why it died" in error["text"]
    assert "Cast('why it died')" in error["text"]
    assert error["process"] == "dies"
    assert "child dies" in ended["text"]
    assert "child_terminated" in ended["text"]
    assert "reached_max_restart_intensity" in gave_up["text"] or "shutdown" in gave_up["text"]
    assert all(len(json.dumps(line)) < 2 * LONGEST for line in lines)


def test_sasl_report__gen_server_crash_unicode(path: Path) -> None:
    """Letters of all the world stay readable, in state, message and reason; controls and lone surrogates do no harm."""
    lines = crash(path, {"имя": "Ромео", "名": "羅密歐"}, "βαρύς λόγος \u202e\x1b[2J \udcff")
    error = next(line for line in lines if line["logger"] == "otp.proc_lib")
    for word in ("Ромео", "羅密歐", "βαρύς λόγος"):
        assert word in error["text"]
    assert error["text"].isprintable()
    assert "\\u202e" in error["text"]
