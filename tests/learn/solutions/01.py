"""An answer to exercise 1."""

from otp.erts.process import receive, send


def helps_when_empty(message):
    """While there is nothing, requests stay in the mailbox, in their order."""
    return message[0] == "put" or message == "stop"


async def storeroom():
    things = []
    while True:
        match await receive(None if things else helps_when_empty):
            case ("put", thing):
                things.append(thing)
            case ("get", sender):
                send(sender, ("thing", things.pop(0)))
            case "stop":
                return
