"""codec — encodes what may cross between nodes: known types only, never code.

OTP:      the external term format (term_to_binary/1, binary_to_term/2 with `safe`)
Way:      process.send → net_kernel's carrier → [codec] → link … link → [codec] → mailbox
Differs:  MessagePack underneath; a class crosses only if it was registered; nothing in a frame is ever
          imported, looked up by name in a module, or executed

    @codec.message
    @dataclass(frozen=True)
    class Joined:
        room: str
        who: Pid

A scalar stands for itself; everything else is an array whose first item is a tag: a small number for what
is built in, the class's code otherwise. A *flat* class (codec.register(…, flat=True)) promises that its
fields are scalars, lists, tuples and dicts of such with str keys, and takes lists for tuples back: they pass
through untouched, which is the fast path for stanzas.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final, TypeVar

import msgspec

from otp.erts.exits import Crash
from otp.erts.pid import NameAt, Pid, Ref, abroad, intern, intern_ref
from otp.erts.signals import AliasReply, Down, Exit, Timeout

T = TypeVar("T")
Code = int | str

#: longest frame that is read or written, in bytes
MAX_FRAME: Final = 16 * 1024 * 1024
_TUPLE, _LIST, _DICT, _SET, _FROZENSET, _PID, _REF, _BIG = range(8)
#: codes of registered classes begin here; below it, tags are built in
FIRST_CODE: Final = 32
_SCALARS: Final = frozenset({str, int, float, bool, bytes, type(None)})
_INT_MIN, _INT_MAX = -(2**63), 2**64 - 1


class CodecError(Exception):
    """A value that must not cross to another node. Raised at the sender."""


class MalformedFrame(Exception):
    """Bytes that no node of ours writes. The link that carried them is dropped."""


class UnknownClass(Exception):
    """A well-formed frame with a class that this node has not loaded."""


_packers: dict[type, Callable[[Any], Any]] = {}
_unpackers: dict[Code, Callable[[list[Any]], Any]] = {}
_classes: dict[Code, type] = {}
_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder()


def register(
    cls: type[T],
    code: Code,
    to_fields: Callable[[T], Sequence[Any]],
    from_fields: Callable[..., T],
    *,
    flat: bool = False,
) -> None:
    """Let values of exactly `cls` cross: `to_fields(value)` leaves, `from_fields(*fields)` makes it again.

    `code` is the same on every node: a number from FIRST_CODE, or a str. `flat`: see the head of this file.
    Raises: ValueError if the code is taken by another class or below FIRST_CODE.
    """
    known = _classes.setdefault(code, cls)
    if known is not cls and _full_name(known) != _full_name(cls):
        raise ValueError(f"code {code!r} of {_full_name(cls)} belongs to {_full_name(known)}")
    if isinstance(code, int) and code < FIRST_CODE:
        raise ValueError(f"codes below {FIRST_CODE} are built in, not {code}")
    _classes[code] = cls
    if flat:
        _packers[cls] = lambda value: (code, *to_fields(value))
        _unpackers[code] = lambda array: from_fields(*array[1:])
    else:
        _packers[cls] = lambda value: (code, *map(pack, to_fields(value)))
        _unpackers[code] = lambda array: from_fields(*map(_unpack, array[1:]))


def message(cls: type[T]) -> type[T]:
    """Class decorator: a dataclass or an Enum may cross between nodes. Its code is its full name.

    Raises: TypeError if the class is neither, or a dataclass that is not frozen.
    """
    if issubclass(cls, enum.Enum):
        register(cls, _full_name(cls), lambda value: (value.value,), cls)
    elif dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        names = [f.name for f in dataclasses.fields(cls) if f.init]
        register(cls, _full_name(cls), _getter(names), _maker(cls, names))
    else:
        raise TypeError(f"{cls.__qualname__} is no frozen dataclass and no Enum")
    return cls


def is_message(cls: type) -> bool:
    """Whether the class, or another version of it, may cross by its full name."""
    return _full_name(cls) in _classes


def pack(term: Any) -> Any:
    """The term as scalars and tagged tuples, for `dump_into`. Raises CodecError if it may not cross."""
    cls = type(term)
    if cls in _SCALARS:
        return term if cls is not int or _INT_MIN <= term <= _INT_MAX else (_BIG, str(term))
    packer = _packers.get(cls)
    if packer is None:
        raise CodecError(f"{_full_name(cls)} may not cross to another node: it is not registered in codec")
    return packer(term)


def unpack(packed: Any) -> Any:
    """The term that `load` read. Raises MalformedFrame or UnknownClass."""
    try:
        return _unpack(packed)
    except UnknownClass:
        raise
    except Exception as exc:  # whatever a constructor makes of wrong fields
        raise MalformedFrame(f"{type(exc).__name__}: {exc}") from exc


def dump_into(packed: object, buffer: bytearray, offset: int) -> None:
    """Write packed terms at `offset` of `buffer` and end the buffer there. Raises CodecError."""
    try:
        _encoder.encode_into(packed, buffer, offset)
    except (TypeError, ValueError, OverflowError, RecursionError) as exc:
        raise CodecError(f"cannot cross to another node: {exc}") from exc


def load(data: bytes | memoryview) -> Any:
    """The packed terms in the bytes. Raises MalformedFrame."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as exc:
        raise MalformedFrame(str(exc)) from exc


def encode(term: object) -> bytes:
    """The bytes of a term. Raises CodecError."""
    buffer = bytearray()
    try:
        dump_into(pack(term), buffer, 0)
    except RecursionError as exc:
        raise CodecError("too deep to cross to another node") from exc
    return bytes(buffer)


def decode(data: bytes | memoryview) -> Any:
    """The term in the bytes. Raises MalformedFrame or UnknownClass."""
    return unpack(load(data))


def printable(reason: object) -> object:
    """An exit reason that can cross: itself, or with ("unencodable", its text) in place of the terms that may not."""
    try:
        encode(reason)
    except CodecError:
        if type(reason) is tuple:
            return tuple(map(printable, reason))
        return ("unencodable", repr(reason)[:500])
    return reason


def _unpack(term: Any) -> Any:
    if type(term) is not list:
        if type(term) in _SCALARS:
            return term
        raise MalformedFrame(f"untagged {type(term).__name__}")
    unpacker = _unpackers.get(term[0])
    if unpacker is None:
        raise UnknownClass(f"class {term[0]!r} is not loaded on this node")
    return unpacker(term)


def _pack_ref(ref: Ref) -> tuple[int, str, int, int]:
    # so that the reference that comes back is this very object
    intern_ref(ref.node, ref.creation, ref.serial, own=ref)
    return (_REF, ref.node, ref.creation, ref.serial)


def _unpack_dict(array: list[Any]) -> dict[Any, Any]:
    flat = list(map(_unpack, array[1:]))
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _pack_dict(term: dict[Any, Any]) -> tuple[Any, ...]:
    return (_DICT, *(pack(item) for pair in term.items() for item in pair))


def _name(node: Any, creation: Any, serial: Any) -> tuple[str, int, int]:
    if type(node) is not str or type(creation) is not int or type(serial) is not int:
        raise MalformedFrame("a pid or reference with odd parts")
    return node, creation, serial


def _getter(names: list[str]) -> Callable[[Any], Sequence[Any]]:
    if len(names) == 1:
        one = attrgetter(names[0])
        return lambda value: (one(value),)
    return attrgetter(*names) if names else lambda value: ()


def _maker(cls: type[T], names: list[str]) -> Callable[..., T]:
    if not any(f.kw_only for f in dataclasses.fields(cls) if f.init):  # type: ignore[arg-type]
        return cls
    return lambda *values: cls(**dict(zip(names, values, strict=True)))


def _full_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


_packers.update(
    {
        tuple: lambda term: (_TUPLE, *map(pack, term)),
        NameAt: lambda term: (_TUPLE, *map(pack, term)),
        list: lambda term: (_LIST, *map(pack, term)),
        dict: _pack_dict,
        set: lambda term: (_SET, *map(pack, term)),
        frozenset: lambda term: (_FROZENSET, *map(pack, term)),
        Pid: lambda pid: (_PID, pid.node, pid.creation, abroad(pid)),
        Ref: _pack_ref,
    }
)
_unpackers.update(
    {
        _TUPLE: lambda array: tuple(map(_unpack, array[1:])),
        _LIST: lambda array: list(map(_unpack, array[1:])),
        _DICT: _unpack_dict,
        _SET: lambda array: set(map(_unpack, array[1:])),
        _FROZENSET: lambda array: frozenset(map(_unpack, array[1:])),
        _PID: lambda array: intern(*_name(*array[1:])),
        _REF: lambda array: intern_ref(*_name(*array[1:])),
        _BIG: lambda array: int(array[1]),
    }
)
for _cls in (Crash, Down, Exit, Timeout, AliasReply):
    message(_cls)
