"""saslprep — user names and passwords as SCRAM computes with them, whichever client wrote them.

Way:      scram_keys, scram → [prepare]
RFC:      4013 (SASLprep), 3454 (stringprep and its tables)
Differs:  what Unicode 3.2 did not know yet, emoji for one, is taken as it is: RFC 4013 §2.5 refuses it in stored
          strings and allows it in queries, and RFC 8265, which replaces it, allows it everywhere. Clients send it
"""

from __future__ import annotations

import stringprep
from typing import Final
from unicodedata import ucd_3_2_0

# RFC 4013 §2.3: controls, private use, non-characters, surrogates, what is no plain text, tags, changes of display
_PROHIBITED: Final = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def prepare(text: str) -> str:
    """The SASLprep form of a user name or password; ValueError where a character is prohibited."""
    if text.isascii() and text.isprintable():
        return text
    mapped = "".join([" " if stringprep.in_table_c12(c) else c for c in text if not stringprep.in_table_b1(c)])
    prepared = ucd_3_2_0.normalize("NFKC", mapped)
    if any(table(c) for c in prepared for table in _PROHIBITED):
        raise ValueError("forbidden character")
    _check_direction(prepared)
    return prepared


def _check_direction(text: str) -> None:
    """Letters that run to the left stand alone, first and last. RFC: 3454 §6"""
    if not any(stringprep.in_table_d1(c) for c in text):
        return
    framed = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    if not framed or any(stringprep.in_table_d2(c) for c in text):
        raise ValueError("letters of both directions")
