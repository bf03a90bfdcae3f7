"""One crash under three strategies: who is started again, and in which order."""

from otp.erts import process, runtime
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import Strategy, SupFlags
from otp.stdlib.gen_server import GenServer
from otp.stdlib.supervisor import Supervisor

NAMES = ("db", "cache", "web")


class Part(GenServer):
    """Some part of a program; it says when it starts and stops."""

    def init(self, name):
        process.trap_exit(True)  # so that terminate runs when the supervisor stops it
        print("   start", name)
        return name

    def terminate(self, reason, name):
        print("   stop", name)


class Sup(Supervisor):
    """Says what the tree looks like, and nothing else."""

    def init(self, strategy):
        return SupFlags(strategy, intensity=3, period=5.0), [gen_server.spec(Part, name, name=name) for name in NAMES]


async def main():
    for strategy in (Strategy.ONE_FOR_ONE, Strategy.REST_FOR_ONE, Strategy.ONE_FOR_ALL):
        print(strategy)
        sup = await supervisor.start_link(Sup, strategy)
        before = {name: process.whereis(name) for name in NAMES}
        print("  kill cache")
        process.exit_(before["cache"], "kill")
        await process.sleep(0.05)
        print("  new:", *[name for name in NAMES if process.whereis(name) is not before[name]])
        print("  the way down")
        process.unlink(sup)
        await gen_server.stop(sup, "shutdown")


runtime.run(main)
