"""avatars — one picture as a card has it, as two nodes have it, and its hash as presence has it.

Way:  mod_vcard (cards, presence), mod_avatar (nodes) → [avatars]
XEP:  0084 §4, 0153 §4, 0398 §3, §4
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element, el

#: how pictures begin that clients show: the word of whoever sent one counts less (XEP-0153 §5)
_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_IMAGE: Final = re.compile(r"image/[a-z0-9][a-z0-9.+-]{0,62}")
_HASH: Final = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture; `type` is what its octets are, else what was said of them, else "": not known."""

    data: bytes = field(repr=False)
    type: str = ""

    @property
    def sha1(self) -> str:
        """The hash by which it is known, in lower case."""
        return hashlib.sha1(self.data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class AvatarInfo:
    """What metadata say of the picture that lies in the data node; `id` is its hash."""

    id: str
    type: str = ""


def decode(text: str) -> bytes | None:
    """Octets of base64, white space left out (XEP-0153 §4.6); None for what is none, or empty."""
    try:
        return base64.b64decode("".join(text.split()), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def photo_of(text: str, said: str = "") -> Photo | None:
    """The picture in base64 text, of which `said` is the type that somebody claims; None if there is none."""
    data = decode(text)
    if data is None:
        return None
    claimed = said.strip().lower()
    known = next((type_ for magic, type_ in _MAGIC if data.startswith(magic)), "")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        known = "image/webp"
    return Photo(data, known or (claimed if _IMAGE.fullmatch(claimed) else ""))


def photo_of_card(card: Element) -> Photo | None:
    """The picture in a card (XEP-0153 §4.5), None without one that can be read."""
    for photo in card.elements("PHOTO", ns.VCARD):
        found = photo_of(photo.child_text("BINVAL") or "", photo.child_text("TYPE") or "")
        if found is not None:
            return found
    return None


def with_photo(card: Element, photo: Photo | None) -> Element | None:
    """The card with this picture and no other, or without one; None if it is so already."""
    before = photo_of_card(card)
    count = sum(1 for _ in card.elements("PHOTO", ns.VCARD))
    if photo is None and not count:
        return None
    if photo is not None and before is not None and before.data == photo.data and count == 1:
        return None
    rest = [child for child in card.children if isinstance(child, str) or child.name != "PHOTO"]
    return card.with_children(*rest, *([] if photo is None else [_card_photo(photo)]))


def _card_photo(photo: Photo) -> Element:
    type_ = el("TYPE", ns.VCARD, None, photo.type) if photo.type else None
    return el("PHOTO", ns.VCARD, None, type_, el("BINVAL", ns.VCARD, None, _encode(photo)))


def _encode(photo: Photo) -> str:
    return base64.b64encode(photo.data).decode("ascii")


def info_of(metadata: Element | None) -> AvatarInfo | None:
    """The picture of the data node: the first `<info/>` that does not say where else it lies. None: there is none
    (XEP-0084 §4.2.1, 0398 §3.1)."""
    if metadata is None or metadata.ns != ns.AVATAR_METADATA:
        return None
    for info in metadata.elements("info", ns.AVATAR_METADATA):
        id_ = (info.get("id") or "").lower()
        if info.get("url") is None and _HASH.fullmatch(id_):
            return AvatarInfo(id_, info.get("type") or "")
    return None


def data_of(photo: Photo) -> Element:
    """The payload of the data node. XEP: 0084 §4.1"""
    return el("data", ns.AVATAR_DATA, None, _encode(photo))


def metadata_of(photo: Photo | None) -> Element:
    """The payload of the metadata node; without a picture it says that there is none any more. XEP: 0084 §3.5, §4.2"""
    if photo is None:
        return el("metadata", ns.AVATAR_METADATA)
    attrs = {"bytes": str(len(photo.data)), "id": photo.sha1, "type": photo.type}
    return el("metadata", ns.AVATAR_METADATA, None, el("info", ns.AVATAR_METADATA, attrs))


def marked(presence: Element, sha1: str | None) -> Element:
    """Available presence with the hash of the account's picture, "" if it has none any more; None: nothing was ever
    known of one, and nothing is said. A client that says `<photo/>` wants none to be shown. XEP: 0398 §4"""
    if sha1 is None:
        return presence
    said = [mark.child("photo") for mark in presence.elements("x", ns.VCARD_UPDATE)]
    words = [photo.text().strip().lower() for photo in said if photo is not None]
    if "" in words or (len(said) == 1 and words == [sha1]):
        return presence
    mark = el("x", ns.VCARD_UPDATE, None, el("photo", ns.VCARD_UPDATE, None, sha1 or None))
    rest = [child for child in presence.children if isinstance(child, str) or child.ns != ns.VCARD_UPDATE]
    return presence.with_children(*rest, mark)
