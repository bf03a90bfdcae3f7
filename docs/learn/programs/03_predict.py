"""Two clients pop from an empty stack. Both catch the error of the call."""

from otp.erts import process, runtime
from otp.erts.exits import CallError
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, Reply


class Stack(GenServer):
    def init(self, *items):
        return list(items)

    def handle_call(self, request, from_, items):
        return Reply(items[-1], items[:-1])


async def client(name, start):
    stack = await start(Stack)
    try:
        print(name, "got", await gen_server.call(stack, "pop"))
    except CallError as error:
        print(name, "caught a CallError, why =", error.why)
    print(name, "goes on; the stack is alive:", process.is_alive(stack))


async def main():
    for name, start in (("ann", gen_server.start), ("bob", gen_server.start_link)):
        process.spawn_monitor(client, name, start)
        down = await process.receive()
        print(name, "has ended:", down.reason)


runtime.run(main)
