"""test_render — results as people read them.

Way:  xmppd.ctl.render
"""

from __future__ import annotations

from xmppd.ctl import render


def test_tables_fields_and_lists() -> None:
    assert render.render([{"a": 1, "bb": None}, {"a": "xyz", "bb": True}]) == "A    BB\n1    -\nxyz  yes"
    assert render.render({"a": 1, "bcd": ["x", "y"]}) == "a    1\nbcd  x, y"
    assert render.render(["x", "y"]) == "x\ny"
    assert render.render({"text": "t"}) == "t"
    assert render.render(None) == ""
    assert render.render([]) == ""


def test_durations() -> None:
    assert [render.duration(s) for s in (0.4, 61, 7322, 200000)] == ["0 s", "1 min 1 s", "2 h 2 min", "2 d 7 h"]


def test_a_tree_is_drawn() -> None:
    leaf = {"name": "hooks", "pid": "<w1.3>", "restarts": 1, "mailbox": 2, "children": []}
    sup = {"name": "c2s_sup", "pid": "<w1.4>", "count": 12, "children": []}
    tree = {"w1": [{"name": "sup", "pid": "<w1.2>", "children": [leaf, sup]}]}
    assert render.tree(tree).splitlines() == [
        "w1",
        "└─ sup <w1.2>",
        "   ├─ hooks <w1.3>, 1 restart, 2 waiting",
        "   └─ c2s_sup <w1.4> × 12",
    ]


def test_the_banner_says_where_everything_is_and_is_plain_without_colours() -> None:
    info = {
        "version": "1",
        "pid": 7,
        "workers": ["w1", "w2"],
        "hosts": ["localhost"],
        "listen": [{"module": "c2s", "ip": "::1", "port": 5222, "tls": "required", "plain_without_tls": True}],
        "config": None,
        "data": "/h/data",
        "log": "/h/log",
        "certificates": ["localhost: development certificate"],
        "warnings": ["W"],
        "command": "./rel/xmppd",
    }
    text = render.banner(info, colours=False)
    assert "\033" not in text
    for words in ("[::1]:5222", "STARTTLS demanded, PLAIN without TLS", "/h/data", "/h/log", "development", "W"):
        assert words in text
    assert "./rel/xmppd user add" in text
    assert "\033[1m" in render.banner(info, colours=True)
