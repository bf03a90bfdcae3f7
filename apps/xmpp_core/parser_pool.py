"""parser_pool — expat parsers lent to the streams of one process, from stanza to stanza.

Between two stanzas the parsers of all established streams are in the same state: one start tag
open, the same namespaces in force. So an idle stream needs none, and the parser in use is warm.
A stream with an unusual start tag keeps its own.

Way:      receiver → parser → [parser_pool]
RFC:      6120 §4.8
"""

from xmpp_core import ns
from xmpp_core.expat_core import Core, StreamStart
from xmpp_core.parser import MAX_FREE

# prefixes that a start tag may declare and still share: what nearly all streams declare
_SHARED_PREFIXES = {"stream": ns.STREAM, "db": ns.DIALBACK}


class Shelf:
    """The free parsers for streams whose start tag declared `decls`; see parser.CoreShelf."""

    __slots__ = ("_decls", "_max_age", "_max_names", "free")

    def __init__(self, decls: dict[str, str], max_age: int, max_names: int) -> None:
        self._decls = decls
        self._max_age = max_age
        self._max_names = max_names
        self.free: list[Core] = []

    def lease(self) -> Core:
        """The parser given back last, or a new one that has read the start tag."""
        if self.free:
            return self.free.pop()
        core = Core(self._decls[""])
        spaces = "".join(f" xmlns{':' * bool(p)}{p}='{uri}'" for p, uri in self._decls.items())
        header = f"<stream:stream{spaces}>".encode()
        core.fed = len(header)
        core.parse(header)
        core.take()
        return core

    def give_back(self, core: Core) -> None:
        """Keeps a parser for the next stream, or retires it: worn, or one too many.

        The caller vouches that it stands between two stanzas: one start tag open, every octet
        consumed, nothing in between.
        """
        core.age += core.lent
        core.lent = 0
        if core.age > self._max_age or core.names() > self._max_names or len(self.free) >= MAX_FREE:
            core.close()
        else:
            self.free.append(core)


class ParserPool:
    """Parsers by the namespaces their start tag declared. Belongs to one thread.

    A parser is retired after it has been lent `max_age` times or remembers `max_names` names
    (expat never forgets one); MAX_FREE of a kind are kept.
    """

    def __init__(self, *, max_age: int = 5000, max_names: int = 2000) -> None:
        self._shelves: dict[tuple[tuple[str, str], ...], Shelf] = {}  # at most 2 per content namespace
        self._max_age = max_age
        self._max_names = max_names

    def shelf(self, start: StreamStart, content_ns: str) -> Shelf | None:
        """Where streams with this start tag share; None for an unusual one, which keeps its own."""
        decls = start.ns_decls
        if not start.is_stream or decls.get("stream") != ns.STREAM or decls.get("") != content_ns:
            return None
        if any(_SHARED_PREFIXES.get(prefix) != uri for prefix, uri in decls.items() if prefix):
            return None
        key = tuple(sorted(decls.items()))
        if key not in self._shelves:
            self._shelves[key] = Shelf(dict(decls), self._max_age, self._max_names)
        return self._shelves[key]

    def free(self) -> int:
        """How many parsers wait to be lent."""
        return sum(len(shelf.free) for shelf in self._shelves.values())
