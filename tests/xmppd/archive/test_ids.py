"""test_ids — ids lead to their rows, and nobody else can make one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xmppd.archive.ids import LENGTH, ArchiveIds

IDS = ArchiveIds(b"k" * 32)
NUMBERS = st.integers(0, 2**63 - 1)


@given(NUMBERS)
def test_an_id_leads_to_its_number(number: int) -> None:
    id_ = IDS.encode("juliet@localhost", number)
    assert len(id_) == LENGTH
    assert IDS.decode("juliet@localhost", id_) == number


@given(NUMBERS)
def test_it_means_nothing_in_another_archive_or_under_another_key(number: int) -> None:
    id_ = IDS.encode("juliet@localhost", number)
    assert IDS.decode("romeo@localhost", id_) is None
    assert ArchiveIds(b"l" * 32).decode("juliet@localhost", id_) is None


@given(st.text(max_size=40) | st.text("abcdefghijklmnopqrstuvwxyz-_", min_size=LENGTH, max_size=LENGTH))
def test_one_that_is_made_up_is_none(text: str) -> None:
    assert IDS.decode("juliet@localhost", text) is None


@given(NUMBERS, st.integers(0, LENGTH - 1), st.sampled_from("abcdefghij0123456789-_"))
def test_there_is_one_spelling(number: int, place: int, letter: str) -> None:
    id_ = IDS.encode("juliet@localhost", number)
    other = id_[:place] + letter + id_[place + 1 :]
    assert IDS.decode("juliet@localhost", other) == (number if other == id_ else None)


def test_neighbours_look_unlike() -> None:
    one, other = IDS.encode("juliet@localhost", 1000), IDS.encode("juliet@localhost", 1001)
    assert sum(a == b for a, b in zip(one, other, strict=True)) < LENGTH // 2
