"""The lamp knows "push" in both states. Somebody pulls."""

from otp.erts import process, runtime
from otp.stdlib import gen_statem
from otp.stdlib.gen_statem import GenStatem, Keep, Next, Reply


class Lamp(GenStatem):
    def init(self):
        return "off", 0

    def off(self, type, event, times):
        match type, event:
            case "cast", "push":
                return Next("on", times + 1)
            case _, "how often?":
                return Keep(actions=Reply(type.from_, times))

    def on(self, type, event, times):
        match type, event:
            case "cast", "push":
                return Next("off", times)


async def main():
    lamp = await gen_statem.start(Lamp)
    process.monitor(lamp)
    gen_statem.cast(lamp, "push")
    gen_statem.cast(lamp, "push")
    print("lit so far:", await gen_statem.call(lamp, "how often?"))
    gen_statem.cast(lamp, "pull")
    gen_statem.cast(lamp, "push")
    print("the lamp has ended:", (await process.receive()).reason)


runtime.run(main)
