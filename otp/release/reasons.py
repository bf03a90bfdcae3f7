"""reasons — an exit reason as a sentence that an operator can act upon. Pure.

OTP:      the messages of init and error_logger at a failed boot, which print the term
"""

from __future__ import annotations

from otp.erts.exits import Crash, StartError
from otp.kernel.application_controller import ApplicationError


def explain(reason: object) -> str:
    """The reason in words: what did not start, inside what, and why at the root."""
    match reason:
        case ApplicationError():
            return f"application {reason.name} did not start: {explain(reason.reason)}"
        case StartError():
            return explain(reason.reason)
        case ("shutdown", ("failed_to_start_child", child, why)) | ("failed_to_start_child", child, why):
            return f"{child} did not start: {explain(why)}"
        case ("application_terminated", name, why):
            return f"application {name} has ended: {explain(why)}"
        case ("not_started", name):
            return f"{name} does not run"
        case ("already_started", name):
            return f"{name} runs already"
        case ("shutdown", why):
            return explain(why)
        case "shutdown":
            return "its supervisor gave up"
        case Crash():
            return _crash(reason)
        case BaseException():
            return str(reason) or type(reason).__name__
        case str():
            return reason
        case tuple() as parts if parts and all(isinstance(part, (str, int, float)) for part in parts):
            return ": ".join(map(str, parts))
    return repr(reason)


def _crash(crash: Crash) -> str:
    lines = [line.strip() for line in crash.traceback.splitlines() if line.lstrip().startswith("File ")]
    where = f" ({lines[-1]})" if lines else ""
    return f"{crash}{where}"
