"""arguments — see also test_init__get_arguments and test_init__boot_var."""

from __future__ import annotations

import doctest

import pytest

from otp.release import arguments
from otp.release.arguments import UnknownVariable, expand, parse


def test_the_docstring_tells_the_truth() -> None:
    assert doctest.testmod(arguments).failed == 0


def test_variables_and_where_they_stand() -> None:
    variables = parse(["-boot_var", "A", "1", "B", "2", "-boot_var", "A", "3"]).variables()
    assert variables == {"A": "3", "B": "2"}
    settings = {"path": "$A/x", "alone": "$B", "inside": "x/$A", "money": "$5", "number": 7}
    assert expand(settings, variables) == {**settings, "path": "3/x", "alone": "2"}
    with pytest.raises(UnknownVariable, match="boot variable C"):
        expand({"x": "$C/"}, variables)


def test_a_dash_alone_is_a_word() -> None:
    assert parse(["-"]).plain == ("-",)
