"""A door with a code lock: a machine whose answer to an event depends on the state it is in."""

from otp.erts import process, runtime
from otp.stdlib import gen_statem
from otp.stdlib.gen_statem import GenStatem, Keep, Next, Postpone, Reply, state_timeout

OPEN_FOR = 0.2  # seconds


class Door(GenStatem):
    """One method per state: (type of the event, the event, data). Data is (the code, buttons so far)."""

    def init(self, code):
        return "locked", (code, "")

    def locked(self, type, event, data):
        code, buttons = data
        match type, event:
            case "cast", ("button", digit):
                buttons += digit
                if buttons == code:
                    print("  click: open")
                    return Next("open", (code, ""), state_timeout(OPEN_FOR, "lock"))
                return Keep((code, buttons if code.startswith(buttons) else ""))
            case "cast", "walk through":
                return Keep(actions=Postpone())  # later, when the door is open
            case _, "what state?":
                return Keep(actions=Reply(type.from_, "locked"))

    def open(self, type, event, data):
        match type, event:
            case "state_timeout", "lock":
                print("  clack: locked")
                return Next("locked", data)
            case "cast", "walk through":
                print("  somebody walks through")
                return Keep()
            case "cast", ("button", _):
                return Keep()
            case _, "what state?":
                return Keep(actions=Reply(type.from_, "open"))


async def main():
    door = await gen_statem.start_link(Door, "42")
    gen_statem.cast(door, "walk through")
    for digit in "742":
        print("button", digit)
        gen_statem.cast(door, ("button", digit))
        await process.sleep(0)
    print("state:", await gen_statem.call(door, "what state?"))
    await process.sleep(OPEN_FOR * 2)
    print("state:", await gen_statem.call(door, "what state?"))


runtime.run(main)
