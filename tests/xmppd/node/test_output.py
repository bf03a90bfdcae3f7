"""test_output — each line on standard output and standard error is one object, whoever wrote it.

Way:  xmppd.node.output
"""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppd.node import output
from xmppd.node.output import JsonLines

TEXT = "2026-11-28T17:32:33.123Z info w1 <0.1> xmppd: serves"


def written(*pieces: str) -> list[str]:
    inner = io.StringIO()
    stream = JsonLines(inner, "ERROR")
    for piece in pieces:
        stream.write(piece)
    return inner.getvalue().splitlines()


@given(st.lists(st.text(alphabet='ab{}"\n\r\u2028\x00 :1', max_size=30)))
def test_whatever_is_written_comes_out_as_objects(pieces: list[str]) -> None:
    inner = io.StringIO()
    stream = JsonLines(inner, "ERROR")
    for piece in [*pieces, "\n"]:
        stream.write(piece)
    lines = inner.getvalue().split("\n")[:-1]
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert len(lines) == sum(1 for line in "".join(pieces).split("\n") if line.strip())


def test_objects_pass_as_they_are_and_words_become_one() -> None:
    own, words = written('{"a": 1}\n', "two ", "words\n\n")
    assert own == '{"a": 1}'
    told = json.loads(words)
    assert (told["level"], told["node"], told["text"]) == ("ERROR", "main", "two words")
    assert set(told) == {"time", "level", "node", "pid", "logger", "text"}


def test_all_ways_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    output.take_over()
    print("printed", 3)
    print("flushed", file=sys.stderr, flush=True)
    try:
        raise ValueError("boom\nin two lines")
    except ValueError:
        sys.excepthook(*sys.exc_info())
    output.relay("w1", "a line of its own")
    output.relay("w1", '{"node": "w1"}')
    assert [json.loads(line)["text"] for line in out.getvalue().splitlines()] == ["printed 3"]
    told = [json.loads(line) for line in err.getvalue().splitlines()]
    assert any("boom" in one.get("text", "") for one in told)
    assert told[-2]["node"] == "w1"
    assert told[-1] == {"node": "w1"}


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (TEXT, TEXT),
        (TEXT.replace(" w1 ", " w2 "), "w1: " + TEXT.replace(" w1 ", " w2 ")),
        ("Fatal Python error", "w1: Fatal Python error"),
        ('{"a": 1}', '{"a": 1}'),
        ("{1}", "w1: {1}"),
    ],
)
def test_in_text_a_worker_is_named_once(line: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    output.relay("w1", line)
    assert capsys.readouterr().err == shown + "\n"


def test_who_asks_for_json() -> None:
    assert output.wants_json({}, {"XMPPD_LOG_FORMAT": "json"})
    assert output.wants_json({"log.format": "json"}, {"XMPPD_LOG_FORMAT": "text"})
    assert not output.wants_json({"log.format": "text"}, {"XMPPD_LOG_FORMAT": "json"})
    assert not output.wants_json({}, {})
