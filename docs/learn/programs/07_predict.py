"""The owner of a table is killed; its supervisor starts another. What do readers see?"""

from otp.erts import process, runtime
from otp.stdlib import ets, gen_server, supervisor
from otp.stdlib.child_spec import SupFlags
from otp.stdlib.gen_server import GenServer, Reply
from otp.stdlib.supervisor import Supervisor


class Prices(GenServer):
    def init(self):
        return ets.new("prices")

    def handle_call(self, request, from_, table):
        match request:
            case ("set", thing, price):
                table[thing] = price
                return Reply("ok", table)


class Sup(Supervisor):
    def init(self):
        return SupFlags(), [gen_server.spec(Prices, name="prices")]


async def main():
    await supervisor.start_link(Sup)
    await gen_server.call("prices", ("set", "tea", 3))
    held = ets.lookup_table("prices")
    print("before:", held.get("tea"))

    process.exit_(process.whereis("prices"), "kill")
    await process.sleep(0.05)
    print("the table that a reader held:", held.get("tea"))
    print("the table of that name now:", ets.lookup_table("prices").get("tea"))
    print("one and the same:", held is ets.lookup_table("prices"))


runtime.run(main)
