"""What init leaves for later is done when the start has been answered, and before the first message."""

import logging

from otp.erts import process, runtime
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, Init, NoReply

logging.disable()


class Stock(GenServer):
    def init(self, where):
        print("init: where is known, so it can start")
        return Init(where, continue_="connect")

    def handle_continue(self, what, where):
        print("handle_continue:", what)
        if where == "nowhere":
            raise ConnectionError("nobody is there")
        return NoReply(where)

    def handle_cast(self, request, where):
        print("handle_cast:", request)
        return NoReply(where)


async def main():
    process.trap_exit(True)
    stock = await gen_server.start_link(Stock, "here")
    gen_server.cast(stock, "first message")
    print("start_link has returned")
    await gen_server.stop(stock)
    await process.receive()
    await gen_server.start_link(Stock, "nowhere")
    print("start_link has returned")
    print("then:", (await process.receive()).reason)


runtime.run(main)
