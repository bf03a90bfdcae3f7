"""test_log_setup — how log lines look and where they go.

Way:  xmppd.node.log_setup
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from otp.erts import process
from tests.support import logs
from tests.support.node import run
from xmppd.config.schema import LogSection
from xmppd.node import log_setup

log = logging.getLogger("xmppd.test")


_logging = pytest.fixture(logs.kept, autouse=True)


def test_lines_bear_their_process_and_what_is_less_severe_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "log"
    log_setup.set_up(LogSection(), file)

    async def body() -> str:
        log.info("hello %s", "you")
        log.debug("not kept")
        logging.getLogger("otp.supervisor").info("a child has started")
        return str(process.self_())

    me = run(body)
    lines = file.read_text().splitlines()
    assert len(lines) == 1
    assert me in lines[0]
    assert lines[0].endswith("xmppd.test: hello you")


def test_json_is_one_line_an_event(tmp_path: Path) -> None:
    file = tmp_path / "log"
    log_setup.set_up(LogSection(level="debug", format="json"), file)
    log.error("oops\nforged")
    event = json.loads(file.read_text())
    assert (event["level"], event["text"], event["logger"]) == ("ERROR", "oops\\nforged", "xmppd.test")


def test_a_reload_finds_the_file_again_and_takes_the_level(tmp_path: Path) -> None:
    file = tmp_path / "log"
    log_setup.set_up(LogSection(), file)
    log.warning("one")
    file.rename(tmp_path / "log.1")
    log_setup.take_over(LogSection(level="error"))
    log.warning("two")
    log.error("three")
    assert "three" in file.read_text()
    assert "two" not in file.read_text() + (tmp_path / "log.1").read_text()
