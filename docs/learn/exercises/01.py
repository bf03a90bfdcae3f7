"""Exercise 1: a storeroom. Run `make exercise 1`.

`storeroom` is the function of a process. It is sent

    ("put", thing)      keep the thing
    ("get", sender)     send ("thing", oldest thing) to the pid `sender`, and keep that thing no longer
    "stop"              end

Who asks while there is nothing waits: the answer is sent as soon as something is put there. Who asked first gets first.

As it stands it crashes when it is empty. Hint: which message do you want while there is nothing?
"""

from otp.erts.process import receive, send


async def storeroom():
    things = []
    while True:
        match await receive():
            case ("put", thing):
                things.append(thing)
            case ("get", sender):
                send(sender, ("thing", things.pop(0)))
            case "stop":
                return
