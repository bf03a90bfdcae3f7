"""test_oracle__servers — random servers live through the same as on a real Erlang node.

`XMPPD_ORACLE=10000` runs that many (default 300, a few seconds).
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import pytest

from otp.stdlib.gen_server import GenServerProcess
from tests.otp.oracle import compare, server_compare, servers

COUNT = int(os.environ.get("XMPPD_ORACLE", "300"))
FIRST = int(os.environ.get("XMPPD_ORACLE_FIRST", "10000"))


@pytest.fixture
def erlang() -> None:
    """A real Erlang is needed; where there is none, say so aloud instead of passing in silence."""
    if not compare.has_erlang():
        warnings.warn("no Erlang is installed: the oracle was not asked (apt-get install erlang-base)", stacklevel=1)
        pytest.skip("no Erlang is installed")


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("erlang")
def test_random_servers_agree_with_erlang(tmp_path: Path) -> None:
    differing = server_compare.differences([servers.make(FIRST + n) for n in range(COUNT)], tmp_path)
    assert not differing, f"{len(differing)} differ\n" + str(server_compare.smallest(differing[0], tmp_path))


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("erlang")
def test_the_oracle_sees_a_difference_and_makes_it_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # a server that ends without its terminate must be found out
    monkeypatch.setattr(GenServerProcess, "call_terminate", lambda self, reason: None)
    differing = server_compare.differences([servers.make(seed) for seed in range(10)], tmp_path)
    found = server_compare.smallest(differing[0], tmp_path)
    assert found.program.steps == []
    assert found.erlang["server"] == ["init", "{terminate,normal,0}"]
    assert found.ours["server"] == ["init"]


def test_a_program_is_always_the_same() -> None:
    def text(seed: int) -> Any:
        return servers.make(seed).term()

    assert text(7) == text(7)
    assert text(7) != text(8)
