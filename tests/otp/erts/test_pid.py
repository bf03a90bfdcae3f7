"""test_pid — names are interned: equal means identical."""

from __future__ import annotations

import gc

from otp.erts import pid as pids
from otp.erts.pid import HERE


def test_the_same_numbers_give_the_same_object() -> None:
    a = pids.intern("w2", 3, 14)
    assert a is pids.intern("w2", 3, 14)
    assert a is not pids.intern("w2", 4, 14)
    assert (str(a), pids.is_local(a)) == ("<w2.3.14>", False)


def test_a_local_pid_read_back_from_a_frame_is_the_original() -> None:
    a = pids.new_pid()
    assert pids.abroad(a) == a.serial
    assert pids.intern(a.node, a.creation, a.serial) is a
    assert pids.is_local(a)


def test_a_pid_that_never_left_is_in_no_table() -> None:
    before = len(pids._local_pids)
    kept = [pids.new_pid() for _ in range(10)]
    assert (len(kept), len(pids._local_pids)) == (10, before)
    assert pids.abroad(pids.intern("w2", 3, 15)) == 15
    assert len(pids._local_pids) == before


def test_a_pid_of_an_earlier_creation_is_not_local() -> None:
    assert not pids.is_local(pids.intern(HERE.node, HERE.creation + 1, 1))


def test_references_are_fresh_and_interned() -> None:
    a = pids.make_ref()
    assert a is not pids.make_ref()
    assert pids.intern_ref(a.node, a.creation, a.serial, a) is a
    assert pids.intern_ref(a.node, a.creation, a.serial) is a


def test_foreign_pids_nobody_holds_are_given_back() -> None:
    before = len(pids._foreign_pids)
    for i in range(100):
        pids.intern("elsewhere", 1, i)
    gc.collect()
    assert len(pids._foreign_pids) <= before


def test_pids_sort_by_age_within_a_node() -> None:
    a, b = pids.new_pid(), pids.new_pid()
    assert sorted([b, a]) == [a, b]
