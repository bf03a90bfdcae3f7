"""test_logs — the end of a log.

Way:  xmppd.cli.logs
"""

from __future__ import annotations

from pathlib import Path

from xmppd.cli import logs


def test_the_last_lines(tmp_path: Path) -> None:
    file = tmp_path / "log"
    assert logs.tail(file, 3) == []
    file.write_text("".join(f"line {n} {'x' * 50}\n" for n in range(5000)))
    assert [line.split()[1] for line in logs.tail(file, 3)] == ["4997", "4998", "4999"]
    assert len(logs.tail(file, 10000)) == 5000
    assert logs.tail(file, 0) == []


def test_lines_as_data() -> None:
    assert logs.as_data('{"text": "a"}') == {"text": "a"}
    assert [logs.as_data(line) for line in ("", "3", "[1]", "{")] == [{"line": line} for line in ("", "3", "[1]", "{")]


def test_following_goes_on_in_the_successor(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("old\n")
    lines = logs.follow(file, pause=0)
    started = logs.follow(file, pause=0)
    started.close()
    import threading

    def write() -> None:
        with file.open("a") as log:
            log.write("one\n")

    timer = threading.Timer(0.05, write)
    timer.start()
    assert next(lines) == "one"
    file.rename(tmp_path / "log.1")
    file.write_text("two\n")
    assert next(lines) == "two"
    lines.close()
