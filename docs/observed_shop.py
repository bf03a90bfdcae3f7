"""A plain program of processes that can be observed while it runs: python -m otp.observer shop.sock"""

import sys

from otp.erts import process, runtime
from otp.observer import server
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import SupFlags
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from otp.stdlib.supervisor import Supervisor


class Till(GenServer[int]):
    """Counts what was sold."""

    def init(self):
        return 0

    def handle_call(self, request, from_, sold):
        return Reply(sold, sold)

    def handle_info(self, message, sold):
        return NoReply(sold + 1)


class Shop(Supervisor):
    """Two tills, and the socket at which the shop is observed."""

    def init(self):
        tills = [gen_server.spec(Till, name=f"till_{n}") for n in (1, 2)]
        return SupFlags(intensity=5, period=10), [*tills, server.spec(sys.argv[1])]


async def main():
    await supervisor.start_link(Shop, name="shop")
    print("the shop is open", flush=True)
    while True:
        process.send("till_1", "tea")
        await process.sleep(0.05)


runtime.run(main)
