"""escape — writes text so that any second parser reads the same text.

In attributes the five special characters and tab, line feed, carriage return are escaped (a parser
would turn those three into spaces); in text also carriage return (a parser would turn it into a
line feed). Characters that XML cannot carry at all are dropped.

RFC:  6120 §11; XML 1.0 §2.2 (characters), §2.11 (line ends), §3.3.3 (attribute values)
"""

import re

# everything outside XML 1.0's Char; lone surrogates among it
_ILLEGAL = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
_TEXT = re.compile(f"[&<>\r{_ILLEGAL}]")
_ATTR = re.compile(f"[&<>\"'\t\n\r{_ILLEGAL}]")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}
_NAMED |= {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}


def _replace(found: re.Match[str]) -> str:
    return _NAMED.get(found[0], "")


def text(value: str) -> str:
    """`value` as character data."""
    # isprintable() is False for all that is illegal and for line ends: the short way for most text
    if value.isprintable() and "&" not in value and "<" not in value and ">" not in value:
        return value
    return _TEXT.sub(_replace, value)


def attr(value: str) -> str:
    """`value` as the content of an attribute in either kind of quotes."""
    return value if is_plain(value) else _ATTR.sub(_replace, value)


def is_plain(value: str) -> bool:
    """True if nothing in `value` needs escaping, in text or in an attribute."""
    return (
        value.isprintable()
        and "&" not in value
        and "<" not in value
        and "'" not in value
        and '"' not in value
        and ">" not in value
    )
