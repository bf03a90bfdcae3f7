"""test_endings — an administrator ends and restarts a booted server by the forms of XEP-0133."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

from tests.support.booted import Booted
from tests.support.wire import Wire

ADMIN = "http://jabber.org/protocol/admin"
COMMANDS = "http://jabber.org/protocol/commands"


def complete(wire: Wire, node: str, announcement: str = "") -> str:
    """Fill in the form of a command; the status it ends with."""
    wire.send(f"<iq type='set' id='a' to='localhost'><command xmlns='{COMMANDS}' node='{ADMIN}#{node}'/></iq>")
    asked = answer(wire, "a")
    command = asked.find(f"{{{COMMANDS}}}command")
    assert command is not None
    assert command.find(".//{jabber:x:data}field[@var='delay']") is not None
    fields = f"<field var='FORM_TYPE'><value>{ADMIN}</value></field>"
    fields += f"<field var='announcement'><value>{announcement}</value></field>" if announcement else ""
    wire.send(
        f"<iq type='set' id='b' to='localhost'><command xmlns='{COMMANDS}' node='{ADMIN}#{node}'"
        f" sessionid='{command.get('sessionid')}'><x xmlns='jabber:x:data' type='submit'>{fields}</x></command></iq>"
    )
    done = answer(wire, "b").find(f"{{{COMMANDS}}}command")
    assert done is not None
    return done.get("status") or ""


def answer(wire: Wire, id_: str) -> Element:
    """The answer to that request; what comes before it is passed over."""
    while (found := wire.next()).get("id") != id_:
        pass
    return found


def administrator(server: Booted) -> Wire:
    server.ask("user add", {"user": "admin@localhost", "password": "secret"})
    return server.client(user="admin")


def test_a_restart_tells_users_and_serves_again_with_the_same_options(tmp_path: Path) -> None:
    with Booted.start(tmp_path, workers=2) as server:
        admin, bob = administrator(server), server.client("bob")
        bob.send("<presence/>")
        assert bob.next().tag.endswith("presence")
        before, said = server.ask("status"), len(server.output.read_bytes())
        assert complete(admin, "restart", "Back in a moment.") == "completed"
        assert bob.next().findtext("{jabber:client}body") == "Back in a moment."
        assert bob.end(15.0) == "system-shutdown"
        server.settled(lambda: b" runs: " in server.output.read_bytes()[said:], 60.0)
        after = server.ask("status")
        assert (after["pid"], after["listen"]) == (before["pid"], before["listen"])
        assert after["uptime"] < before["uptime"] + 60
        assert server.client(user="admin").jid.startswith("admin@localhost/")


def test_a_restart_with_a_wrong_configuration_does_nothing(tmp_path: Path) -> None:
    with Booted.start(tmp_path, workers=1) as server:
        admin = administrator(server)
        with (tmp_path / "xmppd.toml").open("a") as file:
            file.write("\n[limits]\n")
        assert complete(admin, "restart") == "completed"
        assert server.client(user="admin").jid.startswith("admin@localhost/")
        assert server.process.poll() is None


def test_the_end(tmp_path: Path) -> None:
    with Booted.start(tmp_path, workers=1) as server:
        admin = administrator(server)
        assert complete(admin, "shutdown") == "completed"
        assert server.process.wait(30) == 0
