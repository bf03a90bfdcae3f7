"""An answer to exercise 7. State: (the table, monitor -> name)."""

from otp.erts import process
from otp.erts.signals import Down
from otp.stdlib import ets, gen_server
from otp.stdlib.gen_server import GenServer, NoReply, Reply

TABLE = "phone_book"


async def start_link():
    return await gen_server.start_link(PhoneBook, name="phone_book")


async def enter(name, pid):
    await gen_server.call("phone_book", ("enter", name, pid))


async def strike(name):
    await gen_server.call("phone_book", ("strike", name))


def lookup(name):
    return ets.lookup_table(TABLE).get(name)


async def size():
    return len(ets.lookup_table(TABLE))


class PhoneBook(GenServer):
    def init(self):
        return ets.new(TABLE), {}

    def handle_call(self, request, from_, state):
        table, monitors = state
        match request:
            case ("enter", name, pid):
                forget(name, monitors)
                table[name] = pid
                monitors[process.monitor(pid)] = name
            case ("strike", name):
                forget(name, monitors)
                table.take(name)
        return Reply(None, state)

    def handle_info(self, message, state):
        table, monitors = state
        match message:
            case Down(ref) if ref in monitors:
                table.take(monitors.pop(ref))
        return NoReply(state)


def forget(name, monitors):
    """No longer watch who has this name."""
    for ref in [ref for ref, of in monitors.items() if of == name]:
        process.demonitor(ref, flush=True)
        del monitors[ref]
