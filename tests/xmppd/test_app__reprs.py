"""What stands in crash reports and logs of values: who and what kind, never what was said, and no secret."""

from __future__ import annotations

import dataclasses
import importlib
import logging
import pkgutil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import xmpp_core
import xmppd
from otp.erts import process
from tests.support import node
from tests.support.server import config, serving
from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.jid import JID
from xmpp_core.stanza import from_element
from xmppd.auth import auth
from xmppd.config.schema import Listen
from xmppd.net.connection import Batch
from xmppd.routing.deliver import Deliver, DeliverIfNewer
from xmppd.routing.sm import sm
from xmppd.stream import c2s_session
from xmppd.testing.client import Client

#: fields that hold what people wrote, or a secret, wherever they stand
WRITTEN = {
    "xml", "groups", "pending", "status", "body", "password", "secret", "secrets", "data", "values", "salt",
    "stored_key", "server_key", "scram_sha_1", "scram_sha_256", "scram_sha_512", "domains", "url",
}  # fmt: skip
#: of those names, what is something else
OTHER = {
    ("Finding", "status"), ("View", "pending"), ("ComponentData", "groups"), ("CommandError", "status"),
    ("Paths", "data"), ("Text", "secret"), ("HttpResponse", "status"), ("HttpRoute", "body"),
    ("NodeLimits", "values"), ("Options", "status"),
}  # fmt: skip


def dataclasses_of(package: Any) -> list[type]:
    found: dict[type, None] = {}
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if "observer" in module.name:
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == module.name:
                found[value] = None
    return list(found)


def test_no_repr_shows_a_field_of_content() -> None:
    open_fields = [
        (cls.__name__, field.name)
        for package in (xmpp_core, xmppd)
        for cls in dataclasses_of(package)
        for field in dataclasses.fields(cls)
        if field.name in WRITTEN and field.repr and "<hidden>" not in str(cls.__repr__.__code__.co_consts)
    ]
    assert set(open_fields) <= OTHER, "say repr=False where a field holds what people wrote, or a secret"


MARK = "tell nobody"
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=10).map(lambda text: f"{text}{MARK}")


@given(TEXT, st.integers(0, 20))
def test_elements_show_their_names_only(text: str, more: int) -> None:
    item = el("item", "urn:roster", {"jid": "c@x", "name": text})
    others = [el(f"x{n}", "urn:x", {"a": text}, text, item) for n in range(more)]
    children = [el("body", ns.CLIENT, None, text), *others]
    made = from_element(el("message", ns.CLIENT, {"type": "chat", "to": "b@localhost/r", "xml:lang": text}, *children))
    for value in (
        made,
        made.el,
        Deliver(made),
        DeliverIfNewer(made, "s", 1),
        [Batch([made.el], 1, 1)],
        {"state": (made,)},
    ):
        shown = repr(value)
        assert MARK not in shown
        assert "body" in shown
        assert "b@localhost/r" in shown
        assert len(shown) < 400


def test_a_deep_tree_has_a_repr() -> None:
    deep = Element("urn:x", "x")
    for _ in range(10_000):
        deep = Element("urn:x", "x", {}, [deep])
    assert repr(deep) == "<x: x>"
    while deep.children:  # taken apart by hand: the interpreter would do it on the stack
        (deep,) = deep.children  # type: ignore[assignment]


def test_a_configuration_shows_no_secret() -> None:
    assert MARK not in repr(Listen(module="component", secrets={"echo.localhost": MARK}))


def test_the_report_of_a_crashed_stream_holds_nothing_that_was_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its last message, its mailbox, its state, the traceback; whatever bug it was."""
    caplog.set_level(logging.DEBUG)

    def broken(*_: Any) -> bool:
        raise RuntimeError("a bug")

    async def body() -> None:
        async with serving(config(modules={})) as port:
            await auth.create_user("juliet", "localhost", "secret")
            juliet = await Client.connect(port)
            jid = JID.parse(await juliet.login("juliet", "balcony"))
            monkeypatch.setattr(c2s_session, "begin_write", broken)
            (session,) = sm.sessions(jid.bare)
            for n in range(3):
                message = el("message", ns.CLIENT, {"to": jid.full}, el("body", ns.CLIENT, None, f"{MARK} {n}"))
                process.send(session.pid, Deliver(from_element(message)))
            await juliet.gone()

    node.run(body)
    assert "last message: Deliver(stanza=Message(<message to='juliet@localhost/balcony': body>)" in caplog.text
    assert "a bug" in caplog.text
    assert 'stream from 127.0.0.1 closed: a fault of the server, "juliet@localhost/balcony"' in caplog.text
    assert MARK not in caplog.text
    assert "secret" not in caplog.text
