"""An answer to exercise 6: two kills are repaired one level down, the third one level up."""

from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import SupFlags
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from otp.stdlib.supervisor import Supervisor


async def start():
    return await supervisor.start_link(Top, name="top")


class Top(Supervisor):
    def init(self):
        return SupFlags("one_for_one", intensity=2, period=5.0), [
            gen_server.spec(Counter, name="counter"),
            supervisor.spec(ProbeSup),
        ]


class ProbeSup(Supervisor):
    def init(self):
        return SupFlags("one_for_one", intensity=2, period=5.0), [gen_server.spec(Probe, name="probe")]


class Counter(GenServer):
    def init(self):
        return 0

    def handle_cast(self, reading, count):
        return NoReply(count + 1)

    def handle_call(self, request, from_, count):
        return Reply(count, count)


class Probe(GenServer):
    def init(self):
        return None

    def handle_info(self, degrees, state):
        gen_server.cast("counter", float(degrees))
        return NoReply(state)
