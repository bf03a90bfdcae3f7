"""For a minute, and for no other password."""

from __future__ import annotations

from xmppd.auth.verified import Verified


def test_a_mark_is_known_until_its_time_is_over() -> None:
    verified = Verified(seconds=60)
    mark = verified.mark("stored", "password")
    assert not verified.knows(mark, 0.0)
    verified.add(mark, 0.0)
    assert verified.knows(mark, 59.9)
    assert not verified.knows(mark, 60.0)


def test_another_password_or_other_keys_make_another_mark() -> None:
    verified = Verified()
    mark = verified.mark("stored", "password")
    assert mark == verified.mark("stored", "password")
    assert mark not in {verified.mark("stored", "passwore"), verified.mark("Stored", "password")}


def test_marks_of_one_process_mean_nothing_in_another() -> None:
    assert Verified().mark("stored", "password") != Verified().mark("stored", "password")


def test_the_oldest_go_when_there_are_too_many() -> None:
    verified = Verified(bound=2)
    marks = [verified.mark("stored", str(n)) for n in range(3)]
    for mark in marks:
        verified.add(mark, 0.0)
    assert [verified.knows(mark, 1.0) for mark in marks] == [False, True, True]
    assert len(verified) == 2
