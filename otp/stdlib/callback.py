"""callback — the base of all callback classes: functions without attributes; and the errors for wrong ones.

OTP:      a callback module
Differs:  a module cannot hold state at all; a Python object could, and it would be that of all processes of its class
Way:      GenServer, GenStatem, GenFsm, EventHandler, Supervisor, SupervisorBridge, Application are [callback]s
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final, TypeVar

from otp.erts.exits import ProcessExit
from otp.erts.suggest import meant

T = TypeVar("T")
#: OTP's word for what most callbacks must not return
BAD: Final = "bad_return_value"


class StateOnSelf(AttributeError):
    """An attribute was set on a callback object, which all processes of its class share."""


class BadReturn(ProcessExit):
    """A callback returned what it must not; the exit reason is OTP's term, `words` say what to do."""

    def __init__(self, fault: str, result: object, words: str) -> None:
        super().__init__((fault, result))
        self.words = words
        self.add_note(words)


class Callbacks:
    """The base of every callback class. It refuses attributes: state goes in and comes out."""

    def __setattr__(self, name: str, value: object) -> None:
        raise StateOnSelf(
            f"self.{name} of {type(self).__qualname__}: all processes of a callback class share its one object, so it "
            f"holds no attributes. Keep {name!r} in the state: what init returns comes to every callback, and what a "
            "callback returns with its answer is the state from then on"
        )


_SHARED: Final[dict[type, Any]] = {}


def callbacks(module: type[T], base: type = Callbacks) -> T:
    """The one object of a callback class: it holds no attributes, so all its processes share it.

    Raises: TypeError for what is no class, or no subclass of `base`; StateOnSelf if its __init__ sets an attribute.
    """
    found: T | None = _SHARED.get(module) if isinstance(module, type) else None
    if found is None or not isinstance(found, base):
        require(module, base)
        found = _SHARED[module] = module()
    return found


def require(module: Any, base: type) -> None:
    """Raise TypeError unless `module` is a subclass of `base`, and say what should be passed."""
    if not isinstance(module, type):
        kind = type(module)
        what = f"an instance of {kind.__qualname__}" if issubclass(kind, base) else f"{module!r}"
        name = kind.__qualname__ if issubclass(kind, base) else f"a subclass of {base.__name__}"
        raise TypeError(f"{what} was passed where a class is due: pass {name} itself; init gets the arguments after it")
    if not issubclass(module, base):
        raise TypeError(f"{module.__qualname__} is no {base.__name__}: it has the base classes {_bases(module)}")


def _bases(module: type) -> str:
    return ", ".join(one.__qualname__ for one in module.__bases__)


def check_options(given: Iterable[str], known: Collection[str]) -> None:
    """Raise TypeError for an option of a start function that there is not."""
    for name in given:
        if name not in known:
            raise TypeError(f"no option {name!r}: {meant(name, sorted(known))}")


def bad_return(module: object, callback: str, message: object, result: object, due: str, fault: str) -> BadReturn:
    """What to raise when `callback` of `module` returned `result` for `message` in place of what is `due`."""
    asked = "" if message is None else f" for {message!r:.200}"
    words = f"{callback} of {type(module).__qualname__} returned {result!r:.200}{asked}: return {due}"
    return BadReturn(fault, result, words)
