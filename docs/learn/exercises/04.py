"""Exercise 4: a turnstile. Run `make exercise 4`.

Events are casts: "coin" and "push". The call "passed" asks how many persons have gone through, in every state.

    locked      coin: unlocked.  push: nobody gets through; the third push in a row without a coin: alarm
    unlocked    push: one person gets through, locked.  coin: thank you, nothing changes
    alarm       push: nothing.  coin: keeps until the alarm is over.  After ALARM seconds: locked

The call "state" answers the name of the state.

As it stands there is no alarm. Read ALARM when you need it: the checks change it.
Hints: data may be a tuple (passed, pushes); state_timeout; Postpone.
"""

from otp.stdlib.gen_statem import GenStatem, Keep, Next, Reply

ALARM = 0.2


class Turnstile(GenStatem):
    def init(self):
        return "locked", 0

    def locked(self, type, event, passed):
        match type, event:
            case "cast", "coin":
                return Next("unlocked", passed)
            case "cast", "push":
                return Keep()
            case _, "passed":
                return Keep(actions=Reply(type.from_, passed))
            case _, "state":
                return Keep(actions=Reply(type.from_, "locked"))

    def unlocked(self, type, event, passed):
        match type, event:
            case "cast", "push":
                return Next("locked", passed + 1)
            case _, "passed":
                return Keep(actions=Reply(type.from_, passed))
            case _, "state":
                return Keep(actions=Reply(type.from_, "unlocked"))
