"""Three ways to find things: a name, a table that all may read, a group of processes."""

from otp.erts import process, runtime
from otp.erts.process import receive, send, spawn
from otp.kernel import pg
from otp.stdlib import ets, gen_server
from otp.stdlib.gen_server import GenServer, Reply


class Prices(GenServer):
    """Owns the table: it alone writes; whoever reads does not ask it."""

    def init(self):
        return ets.new("prices")

    def handle_call(self, request, from_, table):
        match request:
            case ("set", thing, price):
                table[thing] = price
                return Reply("ok", table)


def price(thing):
    """Runs in the caller's process: a look-up in a dict, no message."""
    return ets.lookup_table("prices").get(thing)


async def listener(name):
    while True:
        print(f"  {name} hears", await receive())


def tell(group, message):
    for pid in pg.get_members(group):
        send(pid, message)


async def main():
    await gen_server.start_link(Prices, name="prices")
    print("a name:", process.whereis("prices") is not None, process.whereis("nobody"))

    await gen_server.call("prices", ("set", "tea", 3))
    print("a table:", price("tea"), price("coffee"))
    try:
        ets.lookup_table("prices")["tea"] = 0
    except ets.NotOwner as error:
        print("  writing it from here:", type(error).__name__)

    await pg.start_link()
    ann, bob = spawn(listener, "ann"), spawn(listener, "bob")
    await pg.join("tea drinkers", [ann, bob])
    print("a group:", len(pg.get_members("tea drinkers")))
    tell("tea drinkers", "the kettle is on")
    await process.sleep(0.01)

    process.exit_(ann, "kill")
    await process.sleep(0.01)
    print("after ann's end:", len(pg.get_members("tea drinkers")))
    tell("tea drinkers", "there is cake")
    await process.sleep(0.01)


runtime.run(main)
