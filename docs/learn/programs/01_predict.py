"""The tally is told to add a word to a number."""

from otp.erts import process, runtime
from otp.erts.exits import ReceiveTimeout
from otp.erts.process import receive, self_, send, spawn


async def tally(count):
    while True:
        match await receive():
            case ("add", number):
                count += number
            case ("read", sender):
                send(sender, ("count", count))


async def main():
    pid = spawn(tally, 0)
    send(pid, ("add", "forty"))
    send(pid, ("read", self_()))
    try:
        print("the tally says", await receive(timeout=0.2))
    except ReceiveTimeout:
        print("no answer in 0.2 s")
    print("alive:", process.is_alive(pid))
    send(pid, ("add", 1))
    print("sent to it once more")
    print("main goes on")


runtime.run(main)
