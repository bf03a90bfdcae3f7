"""test_banner — what a start says.

Way:  xmppd.node.banner
"""

from __future__ import annotations

from xmppd.node import banner


def test_the_banner_says_where_everything_is_and_is_plain_without_colours() -> None:
    info = {
        "version": "1",
        "pid": 7,
        "workers": ["w1", "w2"],
        "hosts": ["localhost"],
        "listen": [{"module": "c2s", "ip": "::1", "port": 5222, "tls": "required", "plain_without_tls": True}],
        "config": None,
        "home": "/h",
        "data": "/h/data",
        "log": "/h/log",
        "certificates": ["localhost: development certificate"],
        "warnings": ["W"],
        "command": "./rel/xmppd",
    }
    text = banner.banner(info, colours=False)
    assert "\033" not in text
    for words in ("[::1]:5222", "STARTTLS demanded, PLAIN without TLS", "/h/data", "/h/log", "development", "W"):
        assert words in text
    assert "./rel/xmppd user add" in text
    assert "\033[1m" in banner.banner(info, colours=True)
