"""A process and its mailbox: a tally that lives in a loop of its own."""

from otp.erts import process, runtime
from otp.erts.process import receive, self_, send, spawn


async def tally(count):
    """The state is a local variable; a message is the only way to it."""
    while True:
        match await receive():
            case ("add", number):
                count += number
            case ("read", sender):
                send(sender, ("count", count))
            case "stop":
                return


async def main():
    pid = spawn(tally, 0)
    send(pid, ("add", 2))
    send(pid, ("add", 40))
    print("not counted yet: the tally has not run, its mailbox holds", process.process_info(pid).message_queue_len)

    send(pid, ("read", self_()))
    print("the tally says", await receive())

    send(self_(), "small talk")  # an earlier message that we do not want now
    send(pid, ("read", self_()))
    print("chosen:", await receive(lambda message: message != "small talk"))
    print("left in the mailbox:", await receive())

    send(pid, "stop")
    await process.sleep(0)
    print("alive after stop:", process.is_alive(pid))


runtime.run(main)
