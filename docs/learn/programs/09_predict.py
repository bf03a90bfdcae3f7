"""A process of a node that is shot; then the node is back. What becomes of the old pid?"""

import os
import signal
import sys
import tempfile
from itertools import count

from otp.erts import process
from otp.erts.exits import CallError
from otp.kernel import app_resource, node, peer, rpc
from otp.kernel.node import NodeUp
from otp.kernel.peer import PeerSpec
from otp.release import boot, systools
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import ChildSpec, SupFlags
from otp.stdlib.gen_server import GenServer, Reply
from otp.stdlib.supervisor import Supervisor


class Clerk(GenServer):
    def init(self):
        return None

    def handle_call(self, request, from_, state):
        return Reply(f"{request}? I am of generation {node.creation()}", state)


@rpc.exported
def clerk():
    return process.whereis("clerk")


class PeerSup(Supervisor):
    def init(self, run_dir):
        generation = count(1)
        spec = PeerSpec("w1", lambda: (sys.executable, __file__, "w1", str(next(generation)), run_dir))
        return SupFlags(), [ChildSpec("w1", (peer.start_link, (spec,), {"name": "peer_w1"}))]


async def ask(pid, question):
    try:
        print(await gen_server.call(pid, question, timeout=1.0))
    except CallError as error:
        print(f"{question}? no answer: {error.why}")


async def story(run_dir):
    node.monitor_nodes()
    await supervisor.start_link(PeerSup, run_dir)
    await peer.await_ready("peer_w1")
    await process.receive(lambda m: isinstance(m, NodeUp))
    pid = await rpc.call("w1", "__main__:clerk")
    await ask(pid, "before")
    os.kill((await peer.info("peer_w1")).os_pid, signal.SIGKILL)
    await ask(pid, "while it is gone")
    await process.receive(lambda m: isinstance(m, NodeUp))
    await peer.await_ready("peer_w1")
    await ask(pid, "back, by the old pid")
    await ask(await rpc.call("w1", "__main__:clerk"), "back, by a new pid")
    boot.stop()


async def work():
    await gen_server.start_link(Clerk, name="clerk")


def main(name="main", creation="1", run_dir=""):
    apps = {app: app_resource.find(app) for app in ("kernel", "stdlib")}
    script = systools.make_script(systools.Release("mesh", "1", tuple((app, "permanent") for app in apps)), apps)
    with tempfile.TemporaryDirectory() as folder:
        run_dir = run_dir or folder
        hooks = boot.Hooks(started=lambda: story(run_dir) if name == "main" else work())
        env = {"kernel": {"run_dir": run_dir, "cookie": b"a shared secret", "nodes": ("main", "w1")}}
        return boot.run(script, env, node=name, creation=int(creation), hooks=hooks)


sys.exit(main(*sys.argv[1:]))
