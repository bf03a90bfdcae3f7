"""test_log_setup — how log lines look and where they go.

Way:  xmppd.ctl.log_setup
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from otp.erts import process
from tests.support.node import run
from xmppd.config.schema import Log
from xmppd.ctl import log_setup

log = logging.getLogger("xmppd.test")


@pytest.fixture(autouse=True)
def _root() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    root.handlers = []
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers = handlers
    root.setLevel(level)


def test_text_with_process_and_traceback(tmp_path: Path) -> None:
    file = tmp_path / "log"
    log_setup.set_up(Log(), file)

    async def body() -> str:
        log.info("hello %s", "you")
        log.debug("not kept")
        try:
            raise ValueError("x")
        except ValueError:
            log.exception("oops")
        return str(process.self_())

    me = run(body)
    lines = file.read_text().splitlines()
    assert lines[0].endswith(f"Z info    {me} xmppd.test: hello you")
    assert lines[1].endswith("xmppd.test: oops")
    assert lines[-1] == "ValueError: x"
    assert "not kept" not in file.read_text()


def test_json_is_one_line_an_event(tmp_path: Path) -> None:
    file = tmp_path / "log"
    log_setup.set_up(Log(level="debug", format="json"), file)
    try:
        raise ValueError("é")
    except ValueError:
        log.exception("oops")
    event = json.loads(file.read_text())
    assert (event["level"], event["message"], event["logger"]) == ("error", "oops", "xmppd.test")
    assert "ValueError: é" in event["traceback"]


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "log"
    log_setup.set_up(Log(), file)
    log.warning("one")
    file.rename(tmp_path / "log.1")
    log.warning("two")
    assert "two" in file.read_text()
    assert "two" not in (tmp_path / "log.1").read_text()
