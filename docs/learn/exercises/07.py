"""Exercise 7: a phone book without a queue. Run `make exercise 7`.

    await start_link()              the server, registered as "phone_book"
    await enter(name, pid)          from now on lookup(name) is this pid; it takes the place of another
    await strike(name)              from now on it is None
    lookup(name)                    the pid, or None. No `await`: it asks nobody, and works while the server is busy
    await size()                    how many names there are

The pid of a process that has ended is not found any more; nobody needs to strike it.

As it stands every look-up stands in the server's queue, and the dead are never forgotten.
Hints: ets; process.monitor in the server; a Down comes to handle_info. Beware of the old pid of a name entered anew.
"""

from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, Reply


async def start_link():
    return await gen_server.start_link(PhoneBook, name="phone_book")


async def enter(name, pid):
    await gen_server.call("phone_book", ("enter", name, pid))


async def strike(name):
    await gen_server.call("phone_book", ("strike", name))


async def lookup(name):
    return await gen_server.call("phone_book", ("lookup", name))


async def size():
    return await gen_server.call("phone_book", "size")


class PhoneBook(GenServer):
    def init(self):
        return {}

    def handle_call(self, request, from_, book):
        match request:
            case ("enter", name, pid):
                return Reply(None, {**book, name: pid})
            case ("strike", name):
                return Reply(None, {key: pid for key, pid in book.items() if key != name})
            case ("lookup", name):
                return Reply(book.get(name), book)
            case "size":
                return Reply(len(book), book)
