"""Three children of three restart types; each ends in three ways."""

from otp.erts import process, runtime
from otp.erts.exits import ProcessExit
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import Restart, SupFlags
from otp.stdlib.gen_server import GenServer, Stop
from otp.stdlib.supervisor import Supervisor


class Child(GenServer):
    def init(self):
        return None

    def handle_cast(self, how, state):
        match how:
            case "finish":
                return Stop("normal", state)
            case "raise":
                raise ProcessExit("boom")


class Sup(Supervisor):
    def init(self):
        return SupFlags(intensity=10), [gen_server.spec(Child, name=str(kind), restart=kind) for kind in Restart]


async def main():
    for how in ("finish", "raise"):
        sup = await supervisor.start_link(Sup)
        for kind in Restart:
            gen_server.cast(str(kind), how)
        await process.sleep(0.05)
        for kind in Restart:
            print(f"{how:7} {kind:10}", "runs again" if process.whereis(str(kind)) else "stays down")
        process.unlink(sup)
        await gen_server.stop(sup, "shutdown")


runtime.run(main)
