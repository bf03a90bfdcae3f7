"""admin_client — a client that fills in the forms of service administration as an administrator's program does.

Way:  tests of xmppd.mods.adhoc → [admin_client] → the wire
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Unpack

from xmpp_core import dataforms, ns
from xmpp_core.dataforms import Form
from xmpp_core.element import Element
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve
from xmppd.testing.settings import Settings


def served(body: Callable[[Server, Client], Awaitable[None]], **chosen: Unpack[Settings]) -> None:
    """Run body(server, client of the administrator)."""

    chosen.setdefault("admins", ("admin@localhost",))

    async def whole() -> None:
        async with serve(**chosen) as server:
            await body(server, await server.client("admin"))

    asyncio.run(whole())


async def step(client: Client, node: str, inner: str = "", attrs: str = "", to: str = "localhost") -> Element:
    """The answer to one request."""
    said = f"<command xmlns='{ns.COMMANDS}' node='{ns.ADMIN}#{node}' {attrs}>{inner}</command>"
    return await client.ask(f"<iq type='set' id='s' to='{to}'>{said}</iq>")


async def asked(client: Client, node: str, to: str = "localhost") -> tuple[Form, str]:
    """The form of a command, and the id under which it is completed."""
    answer = await step(client, node, to=to)
    command = answer.child("command", ns.COMMANDS)
    assert command is not None, answer.to_xml("")
    assert command.get("status") == "executing", answer.to_xml("")
    form = dataforms.find(command, ns.ADMIN)
    assert form is not None
    return form, command.get("sessionid") or ""


async def done(client: Client, node: str, _to: str = "localhost", **values: str | list[str]) -> Element:
    """The <command/> that completes a form with these values; "_" in their names is "-" but in max_items."""
    form, id_ = await asked(client, node, _to)
    fields = {name if name == "max_items" else name.replace("_", "-"): value for name, value in values.items()}
    assert set(fields) <= {field.var for field in form.fields}
    answer = form.answer({name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()})
    attrs = f"sessionid='{id_}' action='complete'"
    return _completed(await step(client, node, answer.to_element().to_xml(""), attrs, _to))


async def at_once(client: Client, node: str) -> Element:
    """The <command/> of one that asks nothing."""
    return _completed(await step(client, node))


def _completed(answer: Element) -> Element:
    command = answer.child("command", ns.COMMANDS)
    assert command is not None, answer.to_xml("")
    assert command.get("status") == "completed"
    return command


def values(command: Element, name: str) -> tuple[str, ...]:
    """Of a field of the result."""
    form = dataforms.find(command, ns.ADMIN)
    assert form is not None, command.to_xml("")
    found = form.get(name)
    assert found is not None
    return found.values


def note(command: Element) -> str | None:
    """The words that it answers with."""
    return command.child_text("note", ns.COMMANDS)
