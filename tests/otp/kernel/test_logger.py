"""One record, one line: who wrote it, nothing forged, nothing secret, no flood."""

from __future__ import annotations

import json
import logging
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp.erts import process, runtime
from otp.kernel import log_cap, logger
from otp.kernel.logger import LogConfig

log = logging.getLogger("test.logger")
#: what forges lines, fields and colours
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
HOSTILE = "a \"'\\\n\r\t\0{}[]:,\x1b\u2028\u202e\ud800=%s"


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "logs" / "node.log"
    level = logging.getLogger().level
    handler = logger.setup(LogConfig(file))
    yield file
    logging.getLogger().removeHandler(handler)
    logging.getLogger().setLevel(level)
    handler.close()


def _record(text: str, *args: object, **extra: object) -> logging.LogRecord:
    record = logging.LogRecord("test", logging.INFO, __file__, 1, text, args, None)
    vars(record).update(extra)
    return record


def _json(path: Path) -> None:
    logger.setup(LogConfig(path, "json"))


def test_a_line_knows_its_process_and_node(path: Path) -> None:
    async def body() -> str:
        process.register("shop", process.self_())
        log.info("open at %d", 9)
        return str(process.self_())

    pid = runtime.run(body, node="w1")
    line = path.read_text()
    assert line.endswith(f" info w1 {pid} shop test.logger: open at 9\n")


def test_json(path: Path) -> None:
    _json(path)
    log.warning("odd %s", "thing", extra={"jid": "a@b", "size": 3})
    got = json.loads(path.read_text())
    assert (got["level"], got["logger"], got["text"]) == ("WARNING", "test.logger", "odd thing")
    assert got["extra"] == {"jid": "a@b", "size": "3"}
    assert got["time"].endswith("Z")


def test_the_pid_of_a_crash_report_is_that_of_who_crashed() -> None:
    line = logger.line(_record("ended", pid="<w1.1.7>", registered="sm", report="crash"))
    assert " <w1.1.7> sm test: ended" in line


@pytest.mark.parametrize("evil", ["a\nb", "a\r\nb", "\x1b[2Jb", "a\u2028b", "\x00", "a\u202eb", "\x85", "a\udc80"])
def test_nobody_forges_a_line(evil: str) -> None:
    for form in ("text", "json"):
        line = logger.line(_record("said %s", evil), form)
        assert line.isprintable()
        assert len(line.splitlines()) == 1


def test_an_exception_is_one_line_with_its_traceback(path: Path) -> None:
    try:
        raise ValueError("in two\nlines")
    except ValueError:
        log.exception("failed")
    lines = path.read_text().splitlines()
    assert len(lines) == 1
    assert "failed\\nTraceback" in lines[0]
    assert "in two\\nlines" in lines[0]


def test_a_clients_text_is_cut_and_escaped() -> None:
    assert logger.client_text('a\n"b\\') == '"a\\n\\"b\\\\"'
    assert logger.client_text("x" * 201) == f'"{"x" * 200}"(+1)'


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ("<auth mechanism='PLAIN'>AGp1bGlldABzM2NyM3Q=</auth>", "AGp1"),
        ("<response xmlns='x'>c2VjcmV0</response>", "c2Vj"),
        ("login password=hunter2 failed", "hunter2"),
        ("{'password': 'hunter2', 'user': 'a'}", "hunter2"),
        ("Cookie: abc123", "abc123"),
    ],
)
def test_what_looks_like_a_secret_is_masked(said: str, secret: str) -> None:
    line = logger.line(_record("got %s", said))
    assert secret not in line
    assert "***" in line


def harmless(text: str) -> bool:
    """One line on every screen, without control, format and bidirectional characters."""
    return len(text.splitlines()) <= 1 and not any(unicodedata.category(c) in ("Cc", "Cs") or c in BIDI for c in text)


@given(st.text(), st.text(alphabet=HOSTILE))
def test_whatever_is_said_a_line_is_one_object_with_the_same_fields(said: str, more: str) -> None:
    line = logger.line(_record("said %s and %s", logger.client_text(said), more, detail=more), "json")
    told = json.loads(line)
    assert harmless(line)
    assert set(told) == {"time", "level", "node", "pid", "logger", "text", "extra"}
    assert told["text"].startswith('said "')
    assert told["level"] == "INFO"
    assert harmless(told["text"])
    assert harmless(told["extra"]["detail"])


@given(st.text(alphabet=HOSTILE) | st.text())
def test_a_clients_text_stays_in_its_quotes(said: str) -> None:
    quoted = logger.client_text(said)
    whole = re.fullmatch(r'"((?:[^"\\]|\\.)*)"(\(\+\d+\))?', quoted)
    assert whole is not None
    assert harmless(quoted)
    assert len(whole[1]) <= logger.CLIENT_TEXT * len("\\U0010ffff")


@given(st.text(max_size=20), st.text(alphabet="hunter2<>&;:=' ", min_size=8, max_size=40))
def test_no_password_of_an_element_reaches_the_log(before: str, secret: str) -> None:
    text = f"{before}<auth xmlns='x' mechanism='PLAIN'>SECRET{secret.replace('<', '')}</auth>"
    for form in ("text", "json"):
        assert "SECRET" not in logger.line(_record("got %s", text), form)


def test_a_flood_of_different_lines_is_capped_and_hides_no_other(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(log_cap.time, "monotonic", lambda: now[0])
    for n in range(log_cap.BURST * 3):
        logger.write(log, logging.INFO, f"a stranger, number {n}")
    log.error("what matters")
    logging.getLogger("test.other").info("somebody else")
    lines = path.read_text().splitlines()
    assert len(lines) == log_cap.BURST + 2
    assert "what matters" in lines[-2]
    now[0] = 1.0
    logger.write(log, logging.INFO, "it is over")
    assert [line.rpartition(": ")[2] for line in path.read_text().splitlines()[-1:]] == ["it is over"]
    assert f"{log_cap.BURST * 2} lines were held back" in path.read_text().splitlines()[-2]


def test_a_secret_field_is_masked() -> None:
    assert "hunter2" not in logger.line(_record("x", password="hunter2"), "json")


def test_a_flood_is_capped_and_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(log_cap.time, "monotonic", lambda: now[0])
    for n in range(log_cap.CAP + 30):
        log.warning("again %d", n)
    log.warning("something else")
    assert len(path.read_text().splitlines()) == log_cap.CAP + 1
    now[0] = log_cap.WINDOW
    log.warning("again %d", 0)
    assert "30 more like the next line were held back" in path.read_text().splitlines()[-2]


def test_several_writers_share_a_file_and_reopen_follows_a_rotation(path: Path) -> None:
    log.info("first")
    fd = os.open(path, os.O_WRONLY | os.O_APPEND)
    os.write(fd, b"another process\n")
    os.close(fd)
    log.info("second")
    assert [line.rsplit(": ")[-1] for line in path.read_text().splitlines()] == [
        "first",
        "another process",
        "second",
    ]
    path.rename(path.with_suffix(".1"))
    log.info("still the old one")
    logger.reopen()
    log.info("the new one")
    assert "still the old one" in path.with_suffix(".1").read_text()
    assert path.read_text().count("\n") == 1


def test_a_full_disk_costs_lines_not_the_server() -> None:
    handler = logger.LineHandler(LogConfig(Path("/dev/full")))
    handler.emit(_record("lost"))
    assert handler.lost == 1
    handler.close()


def test_a_file_is_not_for_everyone(path: Path) -> None:
    log.info("x")
    assert path.stat().st_mode & 0o007 == 0
