"""A stack as a gen_server: state in, state out, one message at a time."""

from otp.erts import process, runtime
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply, Reply


class Stack(GenServer):
    """The callback half. It has no attributes: the state comes in, and goes out in what it returns."""

    def init(self, *items):
        return list(items)

    def handle_call(self, request, from_, items):
        match request:
            case "pop":
                return Reply(items[-1], items[:-1])
            case "size":
                return Reply(len(items), items)

    def handle_cast(self, request, items):
        match request:
            case ("push", item):
                return NoReply([*items, item])

    def handle_info(self, message, items):
        print("  the stack was sent", message)
        return NoReply(items)


# what clients call: nobody else need know the messages
async def start_link(*items):
    return await gen_server.start_link(Stack, *items, name="stack")


async def pop():
    return await gen_server.call("stack", "pop", timeout=1.0)


def push(item):
    gen_server.cast("stack", ("push", item))


async def main():
    pid = await start_link("hello")
    push("world")
    print("pop:", await pop())
    print("pop:", await pop())
    print("size:", await gen_server.call(pid, "size"))
    process.send(pid, "a bare message")
    await gen_server.stop(pid)
    print("stopped")


runtime.run(main)
