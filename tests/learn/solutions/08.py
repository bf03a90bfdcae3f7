"""An answer to exercise 8."""

from otp.kernel.application import Application
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import SupFlags
from otp.stdlib.gen_server import GenServer, Init, NoReply, Reply
from otp.stdlib.supervisor import Supervisor

RESOURCE = """
name = "warehouse"
vsn = "1.0"
mod = "exercise_08:Warehouse"
applications = ["kernel", "stdlib"]
registered = ["warehouse_sup", "stock"]
"""

SAVED = []


async def count_the_shelves():
    return 0


async def how_many():
    return await gen_server.call("stock", "how many?", timeout=None)


class Warehouse(Application):
    async def start(self, type_, env):
        return await supervisor.start_link(WarehouseSup, name="warehouse_sup")

    async def prep_stop(self, state):
        SAVED.append(await how_many())
        return state


class WarehouseSup(Supervisor):
    def init(self):
        return SupFlags(intensity=3, period=5.0), [gen_server.spec(Stock, name="stock")]


class Stock(GenServer):
    def init(self):
        return Init(None, continue_="count")

    async def handle_continue(self, count, state):
        return NoReply(await count_the_shelves())

    def handle_call(self, request, from_, number):
        return Reply(number, number)
