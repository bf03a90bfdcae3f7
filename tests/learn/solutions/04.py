"""An answer to exercise 4. What all states have in common is one method."""

from otp.stdlib.gen_statem import GenStatem, Keep, Next, Postpone, Reply, state_timeout

ALARM = 0.2
PATIENCE = 3


class Turnstile(GenStatem):
    def init(self):
        return "locked", (0, 0)

    def locked(self, type, event, data):
        passed, pushes = data
        match type, event:
            case "cast", "coin":
                return Next("unlocked", (passed, 0))
            case "cast", "push" if pushes + 1 == PATIENCE:
                return Next("alarm", (passed, 0), state_timeout(ALARM, "over"))
            case "cast", "push":
                return Keep((passed, pushes + 1))
        return self.common("locked", type, event, data)

    def unlocked(self, type, event, data):
        match type, event:
            case "cast", "push":
                return Next("locked", (data[0] + 1, 0))
            case "cast", "coin":
                return Keep()
        return self.common("unlocked", type, event, data)

    def alarm(self, type, event, data):
        match type, event:
            case "state_timeout", "over":
                return Next("locked", data)
            case "cast", "push":
                return Keep()
            case "cast", "coin":
                return Keep(actions=Postpone())
        return self.common("alarm", type, event, data)

    def common(self, name, type, event, data):
        match event:
            case "passed":
                return Keep(actions=Reply(type.from_, data[0]))
            case "state":
                return Keep(actions=Reply(type.from_, name))
