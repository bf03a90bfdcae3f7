"""An error kernel: what must not be lost stands apart from what may crash."""

from otp.erts import process, runtime
from otp.erts.process import send, whereis
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import Strategy, SupFlags
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from otp.stdlib.supervisor import Supervisor


class Ledger(GenServer):
    """Holds what is precious, and does nothing else: there is little in it that could break."""

    def init(self):
        return 0

    def handle_cast(self, amount, total):
        return NoReply(total + amount)

    def handle_call(self, request, from_, total):
        return Reply(total, total)


class Reader(GenServer):
    """Does the risky work: understands what comes from outside. It holds nothing."""

    def init(self):
        return None

    def handle_info(self, text, state):
        gen_server.cast("ledger", int(text))  # raises on what is no number
        return NoReply(state)


class ReaderSup(Supervisor):
    def init(self):
        return SupFlags(intensity=2, period=5.0), [gen_server.spec(Reader, name="reader")]


class TopSup(Supervisor):
    def init(self):
        return SupFlags(Strategy.ONE_FOR_ONE, intensity=1, period=5.0), [
            gen_server.spec(Ledger, name="ledger"),
            supervisor.spec(ReaderSup, name="reader_sup"),
        ]


async def main():
    await supervisor.start_link(TopSup, name="top_sup")
    for text in ("40", "forty", "2", "one", "two", "three", "100"):
        before = whereis("reader"), whereis("reader_sup")
        send("reader", text)
        await process.sleep(0.02)
        total = await gen_server.call("ledger", "total")
        print(f"{text:6} total {total:3}  {seen(*before)}".rstrip())


def seen(reader, reader_sup):
    if whereis("reader") is reader:
        return ""
    return "new reader" if whereis("reader_sup") is reader_sup else "new reader_sup, new reader"


runtime.run(main)
