"""without — a program that plays a server from whose tree the files of one module have been taken, one after another.

    python -m tests.support.without FOLDER     # and on its standard input, as JSON: {"mod_x": [[ns, element, to], …]}

For each module a tree is made in the folder (links to the real files, but those of the module) and the server that is
imported from there boots, two clients log in and talk, and what the module answered is answered no more. The process
forks for each, before anything of xmppd is imported: so the libraries are loaded once. Prints "mod_x: ok", or why not.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import traceback
from pathlib import Path

APP = Path(__file__).parents[2] / "apps" / "xmppd"
LIBRARIES = ("otp.kernel.kernel_app", "xmpp_core.parser", "xmpp_core.subscription", "cryptography.x509", "uvloop")
Asked = list[tuple[str, str, str]]


def plant(folder: Path, module: str) -> Path:
    """A tree without the module's file and its folder; returns what to import from."""
    top = folder / module
    mods = top / "xmppd" / "mods"
    mods.mkdir(parents=True)
    gone = {APP / "mods" / f"{module}.py", APP / "mods" / module.removeprefix("mod_")}
    for source, target in ((APP, mods.parent), (APP / "mods", mods)):
        for entry in source.iterdir():
            if entry not in gone and not (target / entry.name).exists():
                (target / entry.name).symlink_to(entry)
    return top


async def talk(asked: Asked) -> None:
    """Raises AssertionError if the server does not serve, or serves what was taken away."""
    serve = importlib.import_module("xmppd.testing.server").serve
    async with serve() as server:
        alice, bob = await server.client("alice", "a"), await server.client("bob", "b")
        for client in (alice, bob):
            client.send("<presence/>")
        alice.send("<message to='bob@localhost/b' type='chat'><body>hello</body></message>")
        await bob.expect("<body>hello</body>")
        for i, (ns, name, to) in enumerate(asked):
            answer = await alice.ask(f"<iq type='get' id='g{i}'{to}><{name} xmlns='{ns}'/></iq>")
            assert answer.get("type") == "error", f"{ns} is still answered"
        query = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
        told = (await alice.ask(f"<iq type='get' id='d' to='localhost'>{query}</iq>")).to_xml("")
        assert not [ns for ns, *_ in asked if f"'{ns}'" in told and ns not in query], told


def play(folder: Path, module: str, asked: Asked) -> None:
    """One server, in a process of its own."""
    top = plant(folder, module)
    sys.path.insert(0, str(top))
    package = importlib.import_module("xmppd")
    assert Path(str(package.__file__)).is_relative_to(top)
    asyncio.run(talk(asked))


def main() -> None:
    """All modules, in turn."""
    for name in LIBRARIES:
        importlib.import_module(name)
    assert not [name for name in sys.modules if name.startswith("xmppd")]
    for module, asked in json.load(sys.stdin).items():
        pid = os.fork()
        if pid == 0:
            status = 0
            try:
                play(Path(sys.argv[1]), module, asked)
            except BaseException:
                print(f"{module}: {traceback.format_exc()}", flush=True)
                status = 1
            os._exit(status)
        if os.waitpid(pid, 0)[1] == 0:
            print(f"{module}: ok", flush=True)


if __name__ == "__main__":
    main()
