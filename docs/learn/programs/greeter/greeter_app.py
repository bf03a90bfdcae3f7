"""The application: how its tree starts, and what is done before and after the tree ends."""

from greeter import greeter

from otp.kernel.application import Application
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import SupFlags
from otp.stdlib.supervisor import Supervisor


class GreeterApp(Application):
    async def start(self, type_, env):
        print("greeter_app: start")
        return await supervisor.start_link(GreeterSup, env["greeting"], name="greeter_sup")

    def prep_stop(self, state):
        print("greeter_app: prep_stop, the tree still runs")
        return state

    def stop(self, state):
        print("greeter_app: stop, the tree has ended")


class GreeterSup(Supervisor):
    def init(self, greeting):
        return SupFlags(), [gen_server.spec(greeter.Greeter, greeting, name="greeter")]
