"""test_plugin — what the observer is told of a server: names, words, stanzas, the audit, the profile.

Way:  xmppd.inspect.plugin
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from otp.erts import process
from otp.kernel import application
from otp.observer import backend, crash, plugin
from tests.support.admin import beside_server
from tests.support.node import run
from tests.support.server import config
from xmpp_core import ns
from xmpp_core.element import el
from xmppd import audit
from xmppd.config.schema import NodeSection
from xmppd.inspect.plugin import XmppdPlugin, is_about
from xmppd.net.connection import Batch


def test_it_is_installed_where_it_is_loaded() -> None:
    assert isinstance(plugin.installed(), XmppdPlugin)


def test_the_trees_and_tables_of_a_server() -> None:
    async def body() -> None:
        (top,) = [root for root in backend.trees() if root["id"] == "xmppd_sup"]
        assert [child["id"] for child in top["children"]][:3] == ["hooks", "store", "auth"]
        by_name = {table["name"]: table for table in backend.tables()}
        assert by_name["router"]["owner"].endswith(" router")
        told = await backend.info("router")
        assert told is not None
        assert told["registered name"] == "router"
        assert told["kept"].startswith("refused: this is a production node")

    beside_server(body)


@pytest.mark.parametrize(("profile", "answer"), [("production", "error"), ("development", "done")])
def test_nothing_is_broken_in_production(profile: str, answer: str) -> None:
    chosen = dataclasses.replace(config(Path("/nowhere")), node=NodeSection(profile=profile))

    async def body() -> None:
        application.set_env("xmppd", "config", chosen)
        pid = process.spawn(process.receive)
        assert list(crash.do(str(pid), "kill", 0.0, 1)) == [answer]
        application.forget_env("xmppd")

    run(body)


def test_a_stanza_in_a_mailbox_is_told_without_its_secrets() -> None:
    async def body() -> None:
        pid = process.spawn(process.sleep, 30.0)
        await process.sleep(0.01)
        auth = el("auth", ns.SASL, {"mechanism": "PLAIN"}, "AHJvbWVvAHNlY3JldA==")
        process.send(pid, Batch([auth], 60, 1))
        told = await backend.info(str(pid))
        assert told is not None
        assert "PLAIN" in told["messages"][0]
        assert "AHJvbWVv" not in str(told)

    run(body)


def test_lines_of_the_audit_are_told_while_somebody_listens() -> None:
    told: list[tuple[str, str]] = []
    end = XmppdPlugin().listen("romeo@localhost", lambda kind, text: told.append((kind, text)))
    for line in ('login of "romeo@localhost/a" from 192.0.2.1', 'login of "juliet@localhost/a" from 192.0.2.2'):
        for listener in list(audit.LISTENERS):
            listener(line)
    end()
    end()
    assert told == [("audit", 'login of "romeo@localhost/a" from 192.0.2.1')]
    assert not audit.LISTENERS


@pytest.mark.parametrize(
    ("word", "line", "is_meant"),
    [
        ("romeo@x", 'kick "romeo@x"', True),
        ("romeo@x", 'kick "romeo@x/a"', True),
        ("romeo@x", 'kick "romeo@xy"', False),
        ("192.0.2.1", "login from 192.0.2.1 failed", True),
        ("192.0.2.1", "login from 192.0.2.11 failed", False),
        (":5222", "login from 192.0.2.1 failed", False),
        ("router", "router", False),
    ],
)
def test_whom_a_line_of_the_audit_is_about(word: str, line: str, is_meant: bool) -> None:
    assert is_about(word, line) is is_meant
