"""test_readiness — telling the starter how it went.

Way:  xmppd.node.readiness
"""

from __future__ import annotations

import json
import os

import pytest

from xmppd.node.readiness import Readiness


def test_once_through_the_pipe() -> None:
    ours, theirs = os.pipe()
    readiness = Readiness(theirs)
    readiness.tell({"error": "no", "status": 75})
    readiness.tell({"error": "later"})
    with os.fdopen(ours) as pipe:
        assert [json.loads(line) for line in pipe] == [{"error": "no", "status": 75}]


def test_a_starter_that_has_gone_is_no_trouble() -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    Readiness(theirs).tell({"error": "no"})


def test_objects_in_the_foreground(capsys: pytest.CaptureFixture[str]) -> None:
    Readiness(None, as_json=True).tell({"error": "no", "status": 75})
    told = json.loads(capsys.readouterr().err)
    assert (told["level"], told["text"], told["extra"]["status"]) == ("CRITICAL", "xmppd: no", 75)
    Readiness(None, as_json=True).tell({"version": "1", "pid": 7, "workers": ["w1"], "hosts": ["a"]})
    told = json.loads(capsys.readouterr().out)
    assert (told["level"], told["text"], told["extra"]["hosts"]) == ("INFO", "xmppd 1 runs: pid 7, 1 workers", ["a"])


def test_words_in_the_foreground(capsys: pytest.CaptureFixture[str]) -> None:
    Readiness(None).tell({"error": "no"})
    assert capsys.readouterr().err == "xmppd: no\n"
