"""process_metadata — see test_logger__process_metadata; here what a record keeps of its own."""

from __future__ import annotations

import logging

from otp.kernel import process_metadata
from tests.support.node import run


def test_outside_of_a_process_nothing_is_added_and_a_record_keeps_its_own() -> None:
    assert process_metadata.join(logging.makeLogRecord({"n": 1})).__dict__["n"] == 1

    def body() -> int:
        process_metadata.set_process_metadata({"n": 2, "m": 3})
        record = process_metadata.join(logging.makeLogRecord({"n": 1}))
        return int(vars(record)["n"]) * 10 + int(vars(record)["m"])

    assert run(body) == 13
