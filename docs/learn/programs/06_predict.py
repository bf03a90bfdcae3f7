"""A child that is killed again and again; its supervisor allows two restarts in half a second."""

from otp.erts import process, runtime
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import SupFlags
from otp.stdlib.gen_server import GenServer
from otp.stdlib.supervisor import Supervisor


class Child(GenServer):
    def init(self):
        return None


class Sup(Supervisor):
    def init(self):
        return SupFlags(intensity=2, period=0.5), [gen_server.spec(Child, name="child")]


async def kill(times, pause):
    """Kill the child `times` times, with a pause after each."""
    process.trap_exit(True)
    sup = await supervisor.start_link(Sup)
    for number in range(1, times + 1):
        process.exit_(process.whereis("child"), "kill")
        await process.sleep(pause)
        if not process.is_alive(sup):
            print(f"{times} kills, {pause} s apart: the supervisor ended at kill {number}:", end=" ")
            print((await process.receive()).reason)
            return
    print(f"{times} kills, {pause} s apart: the supervisor lives")
    await gen_server.stop(sup, "shutdown")


async def main():
    await kill(2, pause=0.01)
    await kill(4, pause=0.01)
    await kill(4, pause=0.4)


runtime.run(main)
