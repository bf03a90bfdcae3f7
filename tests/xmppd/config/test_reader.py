"""test_reader — names of keys and variables, and where an error is placed.

Way:  xmppd.config.reader
"""

from __future__ import annotations

from xmppd.config.kinds import Number
from xmppd.config.reader import SectionReader, dotted, env_name


def test_names() -> None:
    assert env_name(("listen", 0, "plain_without_tls")) == "XMPPD_LISTEN_1_PLAIN_WITHOUT_TLS"
    assert env_name(("host", "b.x", "key")) == "XMPPD_HOST_B_X_KEY"
    assert dotted(("listen", 0, "port")) == "listen.1.port"


def test_an_error_is_placed_at_the_nearest_line_and_told_once() -> None:
    reader = SectionReader("f", {("a",): 3}, {}, {})
    reader.problem(("a", "b", "c"), "first")
    reader.problem(("a", "b", "c"), "second")
    reader.problem(("z",), "third")
    assert [str(problem) for problem in reader.problems] == ["f:3: first", "f: third"]


def test_a_bad_value_leaves_the_default_standing() -> None:
    reader = SectionReader("f", {("n",): 1}, {}, {})
    assert reader.value(("n",), Number(1), {"n": 0}, 7) == 7
    assert len(reader.problems) == 1
    assert reader.value(("m",), Number(1), {}, 8) == 8
    assert len(reader.problems) == 1
