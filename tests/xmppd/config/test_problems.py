"""test_problems — how errors read.

Way:  xmppd.config.problems
"""

from __future__ import annotations

from xmppd.config.problems import ConfigError, Problem


def test_one_line_each_with_the_place() -> None:
    error = ConfigError([Problem("x.toml", 3, "bad"), Problem("XMPPD_A", 0, "worse")])
    assert str(error) == "x.toml:3: bad\nXMPPD_A: worse"
    assert len(error.problems) == 2
