"""upgradable_app — an application in several versions, written to disk, for tests of upgrades.

`write(folder, vsn)` makes a package `shop` with a till (gen_server), a supervisor, prices (code without processes).
"""

from __future__ import annotations

from pathlib import Path

TILL = """
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply, Reply
VSN = "{vsn}"
class Till(GenServer):
    def init(self):
        return 0
    def handle_call(self, request, from_, state):
        return Reply((VSN, state), state)
    def handle_cast(self, amount, state):
        return NoReply(state + amount)
    def code_change(self, old_vsn, state, extra):
        if extra == "fails":
            raise ValueError("no way")
        return state + 1000
"""
SUP = """
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import ChildSpec, SupFlags
from otp.stdlib.supervisor import Supervisor
from shop.till import Till
class Sup(Supervisor):
    def init(self):
        {broken}
        names = ["till"] + (["second"] if "{vsn}" != "1" else [])
        return SupFlags(intensity={intensity}), [
            ChildSpec(name, (gen_server.start_link, (Till,), {{"name": name}})) for name in names]
"""
APP = """
import sys
from otp.kernel.application import Application
from otp.stdlib import supervisor
from shop.sup import Sup
class ShopApp(Application):
    async def start(self, type_, args):
        print("shop {vsn} is open", __file__, flush=True)
        return await supervisor.start_link(Sup, name="shop_sup")
    def stop(self, state):
        print("shop {vsn} is closed", flush=True)
def announce(words):
    sys.modules["shop.prices"].ANNOUNCED = words
"""
PRICES = """
from otp.erts import process
PRICE = {vsn}00
async def linger():
    await process.receive(lambda m: m == "stop")
"""
RESOURCE = """
name = "shop"
vsn = "{vsn}"
mod = "shop.app:ShopApp"
applications = ["kernel", "stdlib"]
modules = ["shop.till", "shop.sup", "shop.app", "shop.prices"]
env = {{ opened = "{vsn}" }}
"""


def write(folder: Path, vsn: str, appup: str = "", *, broken: bool = False) -> Path:
    """The package of one version under `folder`; with the text of its appup, if any."""
    package = folder / vsn / "shop"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "till.py").write_text(TILL.format(vsn=vsn))
    text = SUP.format(vsn=vsn, intensity=int(vsn) + 1, broken="1 / 0" if broken else "pass")
    (package / "sup.py").write_text(text)
    (package / "app.py").write_text(APP.format(vsn=vsn))
    (package / "prices.py").write_text(PRICES.format(vsn=vsn))
    (package / "shop.app.toml").write_text(RESOURCE.format(vsn=vsn))
    if appup:
        (package / "shop.appup.toml").write_text(appup)
    return package
