"""test_lines — where each key of a TOML text stands.

Way:  xmppd.config.lines
"""

from __future__ import annotations

from xmppd.config.lines import key_lines

TEXT = '''\
# a comment = with a sign
hosts = [
  "a",   # c = d
  "b",
]
text = """
x = 1
[no]
"""

[limits]
rate = "off"
store.path = "x"
[[listen]]
port = 1
[[listen]]   # the second
secrets = { "c.x" = "s", other = "[t]" }
[listen.more]
x = 1
[host."b.x".modules]
mod_ping = {}
'''


def test_keys_tables_arrays_inline_tables_and_values_over_several_lines() -> None:
    lines = key_lines(TEXT)
    assert lines["hosts",] == 2
    assert lines["text",] == 6
    assert ("x",) not in lines
    assert ("no",) not in lines
    assert lines["limits", "rate"] == 12
    assert lines["limits", "store", "path"] == 13
    assert lines["listen", 0, "port"] == 15
    assert lines["listen", 1] == 16
    assert lines["listen", 1, "secrets", "c.x"] == 17
    assert lines["listen", 1, "secrets", "other"] == 17
    assert lines["listen", 1, "more", "x"] == 19
    assert lines["host", "b.x", "modules", "mod_ping"] == 21
