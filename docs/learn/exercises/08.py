"""Exercise 8: a warehouse that opens at once and forgets nothing. Run `make exercise 8`.

The application `warehouse` has one server, `stock`, which knows how many things there are. To know it, it has to await
`count_the_shelves()`, which takes long; the checks put another function of that name in this module.

- The application needs kernel and stdlib: say so in RESOURCE.
- It starts at once, however long the counting takes. Who asks meanwhile, `await how_many()`, gets the answer after it.
- If the counting fails, the server crashes, and its supervisor lets another try.
- When the application is stopped, the number is appended to SAVED (a disk, as it were), once, before the server ends.

As it stands the start waits for the counting, and at the end nobody is left to be asked.
Hints: Init(state, continue_=…) and handle_continue, which may be async; prep_stop may be async, too.
"""

from otp.kernel.application import Application
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import SupFlags
from otp.stdlib.gen_server import GenServer, Reply
from otp.stdlib.supervisor import Supervisor

RESOURCE = """
name = "warehouse"
vsn = "1.0"
mod = "exercise_08:Warehouse"
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

    async def stop(self, state):
        SAVED.append(await how_many())


class WarehouseSup(Supervisor):
    def init(self):
        return SupFlags(intensity=3, period=5.0), [gen_server.spec(Stock, name="stock")]


class Stock(GenServer):
    async def init(self):
        return await count_the_shelves()

    def handle_call(self, request, from_, number):
        return Reply(number, number)
