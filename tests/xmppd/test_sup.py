"""The tree."""

from otp.erts import process
from otp.stdlib import supervisor
from tests.support import node
from tests.support.server import config, serving
from xmppd import gen_mod_store, sup
from xmppd.auth import auth
from xmppd.config.schema import StoreSection
from xmppd.testing.client import Client


def test_the_listeners_come_last() -> None:
    async def body() -> None:
        async with serving(config(modules={})):
            ids = [child.id for child in await supervisor.which_children(sup.NAME)]
            assert ids[-1] == "listener_sup"
            assert ids.index("store") < ids.index("auth") < ids.index("c2s_sup") < ids.index("gen_mod_sup")
            # else a node that starts, or stops, is asked for accounts' stanzas while modules are not there
            assert ids.index("gen_mod_sup") < ids.index("accounts") < ids.index("adopter")

    node.run(body)


def test_the_store_is_where_the_configuration_says() -> None:
    chosen = config()
    assert gen_mod_store.store_config(chosen).backend == "memory"
    import dataclasses

    postgres = dataclasses.replace(chosen, store=StoreSection(backend="postgres", url="postgresql://x/y"))
    assert gen_mod_store.store_config(postgres).path == "postgresql://x/y"
    sqlite = dataclasses.replace(chosen, store=StoreSection())
    assert gen_mod_store.store_config(sqlite).path == str(chosen.paths.home / "data/xmppd.sqlite3")


def test_a_crash_of_any_part_leaves_the_clients_in() -> None:
    async def body() -> None:
        async with serving(config(modules={})) as port:
            await auth.create_user("juliet", "localhost", "secret")
            juliet = await Client.connect(port)
            await juliet.login("juliet", "balcony")
            for name in ("hooks", "router", "iq", "auth", "listener_sup"):
                before = process.whereis(name)
                assert before is not None
                process.exit_(before, "kill")
                await node.until(lambda name=name, before=before: process.whereis(name) not in (None, before))
            juliet.send("<message to='juliet@localhost/balcony'><body>still here</body></message>")
            await juliet.expect("still here")

    node.run(body)
