"""graft — a new version of a module under the names that others hold of the old one.

OTP:      none: in Erlang a call by its full name finds the current version by itself
Way:      hot → code.load_file → [graft]
Differs:  code that imported a function, or has it in a child spec or a table, holds an object. So functions stay the
          objects they were and get the code of the new version; so do the methods of classes. A class of values stays
          itself, so that values made before are still its instances; a callback class is replaced: processes are taken
          over to the new one by code_change
Process:  none: called on the loop's thread, between two turns
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import operator
from collections.abc import Iterator
from types import FunctionType, UnionType
from typing import Any, Final

from otp.kernel import codec, rpc
from otp.stdlib.supervisor import Supervisor

Namespace = dict[str, Any]
_COPIED: Final = ("__code__", "__defaults__", "__kwdefaults__", "__annotations__", "__doc__")
#: what a class has by itself, and what its values depend on
_FIXED: Final = frozenset({"__dict__", "__weakref__", "__slots__", "__module__", "__qualname__", "_abc_impl"})


def strangers(name: str, before: Namespace, after: Namespace) -> list[str]:
    """The classes of values whose fields are others than before: values that live would not fit the new version."""
    return [
        key
        for key, old in _classes(name, before)
        if not is_callback(old) and isinstance(after.get(key), type) and _shape(old) != _shape(after[key])
    ]


def join(name: str, before: Namespace, after: Namespace, apart: frozenset[str] = frozenset()) -> None:
    """Put the code of the new version into what is held of the old one; of the classes `apart` the new ones stand."""
    kept: dict[Any, Any] = {}
    for key, old in before.items():
        new = after.get(key)
        if new is old or getattr(old, "__module__", None) != name or key in apart:
            continue
        if isinstance(old, type) and isinstance(new, type):
            _join_class(old, new)
            if not is_callback(old):
                kept[new] = old
        elif callable(old) and not isinstance(old, type) and type(old) is type(new) and _join_function(old, new):
            after[key] = kept[new] = old
    for key, value in list(after.items()):
        after[key] = _swapped(value, kept)
    register_again(before, {old: new for new, old in kept.items() if isinstance(old, type)})


def register_again(before: Namespace, held: dict[Any, Any]) -> None:
    """Let classes that stay, and functions of a version that stays, be again what other nodes reach by name."""
    for value in list(before.values()):
        if isinstance(value, type) and codec.is_message(value) and (value in held or not held):
            codec.message(value)
        elif isinstance(value, FunctionType) and rpc.is_exported(value):
            rpc.exported(value)


def is_callback(cls: type) -> bool:
    """Whether processes have it as their callback class."""
    return hasattr(cls, "code_change") or issubclass(cls, Supervisor)


# -- internals


def _classes(name: str, namespace: Namespace) -> Iterator[tuple[str, type]]:
    for key, value in namespace.items():
        if isinstance(value, type) and value.__module__ == name:
            yield key, value


def _shape(cls: type) -> object:
    """What a value of the class is made of."""
    fields = [(f.name, str(f.type)) for f in dataclasses.fields(cls)] if dataclasses.is_dataclass(cls) else []
    members = [(m.name, m.value) for m in cls] if issubclass(cls, enum.Enum) else []
    names = [base.__qualname__ for base in cls.__mro__[1:]]
    return names, str(vars(cls).get("__slots__")), list(vars(cls).get("__annotations__", ())), fields, members


def _join_class(old: type, new: type) -> None:
    if issubclass(old, enum.Enum):
        return
    for key, value in list(vars(new).items()):
        mine = vars(old).get(key)
        if key in _FIXED or _is_slot(value):
            continue
        if isinstance(value, FunctionType) and isinstance(mine, FunctionType) and _join_function(mine, value):
            continue
        if mine is not value:
            setattr(old, key, value)
    for key in set(vars(old)) - set(vars(new)) - _FIXED:
        delattr(old, key)


def _is_slot(value: object) -> bool:
    return type(value).__name__ == "member_descriptor"


def _join_function(old: Any, new: Any) -> bool:
    """Put the new code into the old function, and into those it wraps; False if they are made too differently."""
    if not isinstance(old, FunctionType) or not isinstance(new, FunctionType):
        inner = getattr(old, "__wrapped__", None), getattr(new, "__wrapped__", None)
        return None not in inner and _join_function(*inner)
    if old.__code__.co_freevars != new.__code__.co_freevars:
        return False
    for attr in _COPIED:
        setattr(old, attr, getattr(new, attr))
    for mine, other in zip(old.__closure__ or (), new.__closure__ or (), strict=True):
        if isinstance(mine.cell_contents, FunctionType):
            _join_function(mine.cell_contents, other.cell_contents)
        elif not isinstance(mine.cell_contents, type):
            mine.cell_contents = other.cell_contents
    wrapped = old.__dict__.get("__wrapped__")
    old.__dict__.clear()
    old.__dict__.update(new.__dict__)
    if wrapped is not None:
        _join_function(wrapped, new.__dict__.get("__wrapped__"))
        old.__dict__["__wrapped__"] = wrapped
    return True


def _swapped(value: Any, kept: dict[Any, Any]) -> Any:
    """The value with the classes and functions that stay in place of their new versions, also inside tables."""
    kind = type(value)
    if isinstance(value, (type, FunctionType)):
        return kept.get(value, value)
    if isinstance(value, enum.Enum) and kind in kept:
        return kept[kind][value.name]
    if kind is dict:
        return {_swapped(key, kept): _swapped(item, kept) for key, item in value.items()}
    if kind in (tuple, list, set, frozenset):
        return kind(_swapped(item, kept) for item in value)
    if kind is UnionType:
        return functools.reduce(operator.or_, (_swapped(item, kept) for item in value.__args__))
    return value
