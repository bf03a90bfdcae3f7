"""A chat room: who has joined hears what is said; who has ended is forgotten."""

import logging

from otp.erts import process, runtime
from otp.erts.process import self_, send, spawn, whereis
from otp.erts.signals import Down
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import SupFlags
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from otp.stdlib.supervisor import Supervisor


# what clients call
async def join(pid):
    return await gen_server.call("room", ("join", pid))


def say(text):
    gen_server.cast("room", ("say", text))


async def members():
    return await gen_server.call("room", "members")


class Room(GenServer):
    """The callbacks; the state is the list of members."""

    def init(self):
        return []

    def handle_call(self, request, from_, members):
        match request:
            case ("join", pid):
                process.monitor(pid)
                return Reply("ok", [pid, *members])
            case "members":
                return Reply(len(members), members)

    def handle_cast(self, request, members):
        match request:
            case ("say", text):
                for pid in members:
                    send(pid, ("heard", text))
                return NoReply(members)

    def handle_info(self, message, members):
        match message:
            case Down(_, pid, _):
                return NoReply([member for member in members if member is not pid])


class RoomSup(Supervisor):
    """The supervisor of the room."""

    def init(self):
        return SupFlags("one_for_one", intensity=1, period=5.0), [gen_server.spec(Room, name="room")]


async def demo():
    logging.disable()
    await supervisor.start_link(RoomSup)
    bob = spawn(process.receive, lambda message: message == "stop")
    await join(self_())
    await join(bob)
    say("hello")
    _, text = await process.receive()
    print("heard", text)
    print("members", await members())

    process.exit_(bob, "kill")
    await process.sleep(0.05)
    print("after bob's end", await members())

    before = whereis("room")
    gen_server.cast("room", "nonsense")
    await process.sleep(0.05)
    print("a new room", str(whereis("room") is not before).lower())
    print("members", await members())


runtime.run(demo)
