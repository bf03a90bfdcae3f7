"""The server: it greets."""

from otp.erts import process
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, Reply, StopInit


async def greet(name):
    return await gen_server.call("greeter", name)


class Greeter(GenServer):
    def init(self, greeting):
        process.trap_exit(True)  # so that terminate runs
        return greeting if greeting else StopInit("no greeting is set")

    def handle_call(self, name, from_, greeting):
        return Reply(f"{greeting}, {name}!", greeting)

    def terminate(self, reason, greeting):
        print("greeter: terminate, because of", reason)
