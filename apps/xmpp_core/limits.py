"""limits — what one stanza may cost, where it is read and where it is written again.

Way:  config → listener → parser → [Limits], watched by the handlers of expat_core
RFC:  6120 §4.9.3.14 (policy-violation), §13.12 (denial of service)
"""

from dataclasses import dataclass
from typing import Final

#: octets of namespaces that any stanza may add when it is written; more only while it adds at most …
FREE: Final = 4096
#: … so many times what it has itself
SPREAD: Final = 4
_ESCAPED: Final = 6  # octets that one may become: &quot;


@dataclass(frozen=True, slots=True)
class Limits:
    """What one stanza may cost: octets, elements, depth (the stanza is 1), attributes of an element; and how many
    different names may come on one stream (of 32 characters; a longer one counts as several).
    """

    bytes: int
    elements: int
    depth: int
    attrs: int
    names: int = 20_000  # some 6 MB

    @property
    def written(self) -> int:
        """Octets that a stanza within these limits has at most when it is written again (Element.to_xml).

        It grows where characters are escaped, and because a namespace is written wherever it changes, how short a
        prefix it may have been read by; the latter is counted while it is read.
        """
        return (_ESCAPED + SPREAD) * self.bytes + FREE
