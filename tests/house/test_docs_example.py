"""test_docs_example — the module of docs/modules.md serves, and the test of docs/contributing.md passes."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otp.erts import process
from tests.support import node
from tests.support.admin import beside_server
from tests.support.node import until
from tests.support.server import config, serving
from xmppd import gen_mod, gen_mod_config
from xmppd.admin import worker_commands
from xmppd.auth import auth
from xmppd.cli import catalog
from xmppd.testing.client import Client

ROOT = Path(__file__).parents[2]
NAME = "acme.mod_motd"
ASK = "<iq type='get' id='{id}' to='localhost'><motd xmlns='urn:example:motd'/></iq>"


def example() -> str:
    """The first Python of the page, a whole file."""
    return programs()[0]


def programs() -> list[str]:
    page = (ROOT / "docs" / "modules.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", page, re.DOTALL)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The example as a module of another package."""
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "mod_motd.py").write_text(example(), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield NAME
    for name in ("acme", NAME):
        sys.modules.pop(name, None)


async def asked(client: Client, number: int) -> str:
    client.send(ASK.format(id=f"m{number}"))
    return await client.expect(f"<iq[^>]*id='m{number}'.*?</iq>")


def test_the_module_serves(package: str) -> None:
    async def body() -> None:
        async with serving(
            config(modules={package: {"text": "Tea at five."}, "mod_disco": {}, "mod_presence": {}})
        ) as port:
            await auth.create_user("juliet", "localhost", "secret")
            juliet = await Client.connect(port)
            await juliet.login("juliet", "balcony")
            juliet.send("<presence/>")
            greeting = await juliet.expect("<message.*?</message>")
            assert "from='localhost'" in greeting
            assert "<body>Tea at five.</body>" in greeting
            assert "<motd xmlns='urn:example:motd'>Tea at five.</motd>" in await asked(juliet, 1)
            juliet.send("<iq type='set' id='s' to='localhost'><motd xmlns='urn:example:motd'/></iq>")
            assert "<not-allowed" in await juliet.expect("<iq[^>]*id='s'.*?</iq>")
            juliet.send(
                "<iq type='get' id='d' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
            )
            assert "<feature var='urn:example:motd'/>" in await juliet.expect("<iq[^>]*id='d'.*?</iq>")

    node.run(body)


def test_it_serves_on_after_a_crash_of_the_table_of_handlers(package: str) -> None:
    async def body() -> None:
        async with serving(config(modules={package: {}})) as port:
            await auth.create_user("juliet", "localhost", "secret")
            juliet = await Client.connect(port)
            await juliet.login("juliet", "balcony")
            assert "Welcome." in await asked(juliet, 1)
            table = process.whereis("iq")
            assert table is not None
            process.exit_(table, "kill")
            await until(lambda: process.whereis("iq") not in (None, table))
            assert "Welcome." in await asked(juliet, 2)

    node.run(body)


def test_it_greets_an_account_once_and_a_new_one_of_the_same_name_anew(package: str) -> None:
    async def greeted(port: int) -> bool:
        """Whether the text comes before the answer to what is asked after the presence."""
        juliet = await Client.connect(port)
        await juliet.login("juliet", "balcony")
        juliet.send("<presence/>")
        juliet.send(ASK.format(id="m1"))
        seen = await juliet.expect(".*<iq[^>]*id='m1'.*?</iq>")
        await juliet.close()
        return "<body>Welcome.</body>" in seen

    async def body() -> None:
        async with serving(config(modules={package: {}, "mod_presence": {}})) as port:
            await auth.create_user("juliet", "localhost", "secret")
            assert [await greeted(port), await greeted(port)] == [True, False]
            await auth.remove_user("juliet", "localhost")
            await auth.create_user("juliet", "localhost", "secret")
            assert await greeted(port)

    node.run(body)


def test_what_the_page_quotes_stands_in_modules_that_are_tested() -> None:
    """Each piece between two empty lines, word for word."""
    files = [path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "proof").glob("mod_*.py")]
    pieces = [piece.strip("\n") for quoted in programs()[1:] for piece in quoted.split("\n\n\n")]
    assert pieces
    assert not [piece for piece in pieces if not any(f"\n{piece}\n" in text for text in files)]


def test_its_options_are_checked(package: str) -> None:
    with pytest.raises(gen_mod.ModError, match=r'did you mean "text"'):
        gen_mod_config.options_of(package, {"txt": "x"})


def test_the_first_test_of_a_module_passes() -> None:
    page = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, "contributing.md", "exec"), names)  # the page's own program
    tests = [fn for name, fn in names.items() if name.startswith("test_")]
    assert tests
    for test in tests:
        test()


def test_its_command_is_there_while_it_runs(package: str) -> None:
    chosen = config(modules={package: {"text": "Tea at five."}})

    async def body() -> tuple[list[str], dict[str, Any], dict[str, Any]]:
        keys = [" ".join(plain["name"]) for plain in worker_commands.catalog()["ok"]]
        shown = await worker_commands.run("motd show", {"account": "juliet", "upper": True})
        return keys, shown, await worker_commands.run("motd show", {"account": "juliet@else.where"})

    keys, shown, refused = beside_server(body, chosen)
    assert "motd show" in keys
    assert shown == {"ok": "TEA AT FIVE.", "text": "“TEA AT FIVE.”"}
    assert refused["status"] == 2
    assert "motd show" not in [one.key for one in catalog.in_files()]


def test_the_same_declaration_is_a_form_for_an_administrator(package: str) -> None:
    chosen = dataclasses.replace(config(modules={package: {}, "mod_adhoc": {}}), admins=("admin@localhost",))
    command = "<command xmlns='http://jabber.org/protocol/commands' node='motd show'{}</command>"
    values = "<field var='account'><value>admin</value></field><field var='upper'><value>1</value></field>"
    form = f"<x xmlns='jabber:x:data' type='submit'>{values}</x>"

    async def body() -> None:
        async with serving(chosen) as port:
            await auth.create_user("admin", "localhost", "secret")
            admin = await Client.connect(port)
            await admin.login("admin")
            admin.send(f"<iq type='set' id='f' to='localhost'>{command.format('>')}</iq>")
            id_ = (await admin.expect("sessionid='[^']*'")).split("'")[1]
            asked = await admin.expect(".*</iq>")
            assert re.findall("var='([^']*)' type='([^']*)'", asked) == [
                ("account", "jid-single"),
                ("upper", "boolean"),
            ]
            assert "<desc>in capitals</desc>" in asked
            filled = command.format(f" sessionid='{id_}'>{form}")
            admin.send(f"<iq type='set' id='s' to='localhost'>{filled}</iq>")
            assert "<note type='info'>“WELCOME.”</note>" in await admin.expect("<iq[^>]*id='s'.*?</iq>")

    node.run(body)
