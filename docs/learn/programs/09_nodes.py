"""Three nodes, each an OS process. One is shot; its supervisor starts it again."""

import os
import signal
import sys
import tempfile
from itertools import count

from otp.erts import process
from otp.erts.process import receive, self_, send, spawn
from otp.erts.signals import Down
from otp.kernel import app_resource, node, peer, pg
from otp.kernel.node import NodeDown, NodeUp
from otp.kernel.peer import PeerSpec
from otp.release import boot, systools
from otp.stdlib import supervisor
from otp.stdlib.child_spec import ChildSpec, SupFlags
from otp.stdlib.supervisor import Supervisor

NODES = ("main", "w1", "w2")


async def clerk():
    """Runs on each worker, as a member of a group that all nodes see."""
    await pg.join("clerks", self_())
    while True:
        sender, question = await receive()
        send(sender, f"{question} {node.this()}, generation {node.creation()}")


async def ask_all(question):
    for pid in pg.get_members("clerks"):
        send(pid, (self_(), question))  # the same words as inside a node
    return sorted([await receive(is_(str), timeout=5.0) for _ in pg.get_members("clerks")])


def is_(kind):
    return lambda message: isinstance(message, kind)


async def clerks_to_be(number):
    while len(pg.get_members("clerks")) != number:
        await process.sleep(0.01)


class PeerSup(Supervisor):
    """Each child is a gen_server that lives as long as its OS process."""

    def init(self, run_dir):
        return SupFlags(intensity=3, period=60.0), [
            ChildSpec(name, (peer.start_link, (spec(name, run_dir),), {"name": f"peer_{name}"})) for name in NODES[1:]
        ]


def spec(name, run_dir):
    generation = count(1)
    return PeerSpec(name, lambda: (sys.executable, __file__, name, str(next(generation)), run_dir))


async def story(run_dir):
    await supervisor.start_link(PeerSup, run_dir)
    await clerks_to_be(2)
    print(*await ask_all("I am"), sep="\n")

    victim = next(pid for pid in pg.get_members("clerks") if pid.node == "w1")
    process.monitor(victim)
    node.monitor_nodes()
    os.kill((await peer.info("peer_w1")).os_pid, signal.SIGKILL)
    print("the monitor:", (await receive(is_(Down))).reason)
    print(await receive(is_(NodeDown)))
    print(await receive(is_(NodeUp)))
    await clerks_to_be(2)
    print(*await ask_all("I am"), sep="\n")
    boot.stop()


def main(name="main", creation="1", run_dir=""):
    apps = {app: app_resource.find(app) for app in ("kernel", "stdlib")}
    script = systools.make_script(systools.Release("mesh", "1", tuple((app, "permanent") for app in apps)), apps)
    with tempfile.TemporaryDirectory() as folder:
        run_dir = run_dir or folder
        hooks = boot.Hooks(started=lambda: story(run_dir) if name == "main" else spawn(clerk))
        env = {"kernel": {"run_dir": run_dir, "cookie": b"a shared secret", "nodes": NODES}}
        return boot.run(script, env, node=name, creation=int(creation), hooks=hooks)


sys.exit(main(*sys.argv[1:]))
