"""log_config — handlers, filters, levels, metadata, by the cases of logger_SUITE."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from otp.erts import process
from otp.erts.process import spawn
from otp.kernel import application, log_calls, log_config, process_metadata
from otp.kernel import application_controller as controller
from otp.kernel.app_resource import AppSpec
from otp.kernel.log_config import HandlerConfig, LoggerError
from tests.support.node import run, until

NAME = "otp.test.log"
log = logging.getLogger(NAME)


class Keeps(logging.Handler):
    """A handler that keeps what it gets, and what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self.told: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def texts(self) -> list[str]:
        return [self.format(record) for record in self.records]

    def adding_handler(self, config: HandlerConfig) -> None:
        self.told.append(("adding", config.level))

    def changing_config(self, old: HandlerConfig, new: HandlerConfig) -> None:
        if new.level == "emergency":
            raise LoggerError("not_allowed")
        self.told.append(("changing", old.level, new.level))

    def removing_handler(self, config: HandlerConfig) -> None:
        self.told.append(("removing", config.level))


class Fails(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise OSError("disk full")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    level = logging.getLogger().level
    yield
    log_config.stop()
    logging.getLogger().setLevel(level)


def added(id_: str = "h", **config: Any) -> Keeps:
    handler, root = Keeps(), logging.getLogger()
    # pytest's own handlers would raise at a line that cannot be formatted
    root.handlers[:] = [h for h in root.handlers if not h.__module__.startswith("_pytest")]
    log_config.update_primary_config(level="all")
    log_config.add_handler(id_, handler, **config)
    return handler


def only(word: str) -> Any:
    return lambda record, extra: record if word in record.getMessage() else "stop"


def test_logger__start_stop() -> None:
    """After stop() there is no handler, no level and no filter of ours; it begins anew with the first handler."""
    for _ in range(2):
        handler = added()
        log_config.set_module_level(NAME, "debug")
        log_config.add_primary_filter("f", only("x"))
        log.debug("x")
        log_config.stop()
        log.error("x, unheard")
        assert handler.texts == ["x"]
        assert handler.told[-1] == ("removing", "all")
        assert log_config.get_handler_ids() == []
        assert log_config.get_module_level(NAME) is None
        assert log_config.get_primary_config() == HandlerConfig(level="notice")


def test_logger__add_remove_handler() -> None:
    handler = added(level="info")
    assert log_config.get_handler_ids() == ["h"]
    with pytest.raises(LoggerError, match="already_exist"):
        log_config.add_handler("h", Keeps())
    log.info("heard")
    log.debug("too slight")
    log_config.remove_handler("h")
    log.info("unheard")
    assert handler.texts == ["heard"]
    assert handler.told == [("adding", "info"), ("removing", "info")]
    for fn in (log_config.remove_handler, log_config.get_handler_config, log_config.update_handler_config):
        with pytest.raises(LoggerError, match="not_found"):
            fn("h")

    class Refuses(Keeps):
        def adding_handler(self, config: HandlerConfig) -> None:
            raise ValueError("never")

    with pytest.raises(LoggerError, match="callback_crashed"):
        log_config.add_handler("h", Refuses())
    assert log_config.get_handler_ids() == []


def test_logger__multiple_handlers() -> None:
    one, two, three = added("one"), added("two", level="error"), added("three", filters={"f": (only("x"), None)})
    log.info("x info")
    log.error("y error")
    assert (one.texts, two.texts, three.texts) == (["x info", "y error"], ["y error"], ["x info"])
    assert log_config.get_handler_ids() == ["one", "two", "three"]
    log_config.remove_handler("two")
    log.error("x after")
    assert (len(one.texts), len(two.texts), len(three.texts)) == (3, 1, 2)


def test_logger__add_remove_filter() -> None:
    """The first that does not ignore decides, before all handlers or for one; what none decides goes by the default."""
    handler = added()
    log_config.add_primary_filter("ignores", lambda record, extra: "ignore")
    log_config.add_primary_filter(
        "stops", lambda record, extra: "stop" if extra in record.getMessage() else "ignore", "p"
    )
    log_config.add_handler_filter("h", "hx", only("x"))
    for fn in (log_config.add_primary_filter, lambda n, f: log_config.add_handler_filter("h", n, f)):
        with pytest.raises(LoggerError, match="already_exist"):
            fn("ignores" if fn is log_config.add_primary_filter else "hx", only("x"))
    for text in ("x", "xp", "y"):
        log.info(text)
    assert handler.texts == ["x"]

    def changes(record: logging.LogRecord, extra: Any) -> logging.LogRecord:
        return logging.makeLogRecord({**vars(record), "msg": f"changed {record.msg}"})

    log_config.remove_primary_filter("stops")
    log_config.remove_handler_filter("h", "hx")
    log_config.add_handler_filter("h", "changes", changes)
    log.info("p")
    assert handler.texts == ["x", "changed p"]
    log_config.update_handler_config("h", filters={"i": (lambda r, e: "ignore", None)}, filter_default="stop")
    log.info("undecided")
    assert len(handler.texts) == 2
    with pytest.raises(LoggerError, match="not_found"):
        log_config.remove_primary_filter("stops")
    with pytest.raises(LoggerError, match="invalid_filter"):
        log_config.add_handler_filter("h", "bad", "no function")  # type: ignore[arg-type]


def test_logger__change_config() -> None:
    handler = added(level="info", filter_default="log")
    log_config.update_handler_config("h", level="warning")
    assert handler.told[-1] == ("changing", "info", "warning")
    assert log_config.get_handler_config("h") == HandlerConfig(level="warning")
    log_config.set_handler_config("h", filter_default="stop")
    assert log_config.get_handler_config("h") == HandlerConfig(filter_default="stop")
    for bad in ({"level": "loud"}, {"filter_default": "perhaps"}, {"odd": 1}, {"level": "emergency"}):
        with pytest.raises(LoggerError):
            log_config.update_handler_config("h", **bad)
    assert log_config.get_handler_config("h") == HandlerConfig(filter_default="stop")
    log_config.update_primary_config(level="error", filter_default="stop")
    log.error("stopped by the default")
    assert log_config.get_primary_config() == HandlerConfig(level="error", filter_default="stop")
    with pytest.raises(LoggerError):
        log_config.update_primary_config(level="loud")
    with pytest.raises(LoggerError):
        log_config.update_primary_config(formatter=logging.Formatter())
    assert handler.texts == []


def test_logger__set_formatter() -> None:
    handler = added(formatter=logging.Formatter("1 %(message)s"))
    log.info("a")
    assert handler.texts == ["1 a"]
    log_config.update_handler_config("h", formatter=logging.Formatter("2 %(levelname)s %(message)s"))
    assert handler.texts == ["2 INFO a"]
    log_config.update_handler_config("h", formatter=None)
    assert handler.texts == ["a"]


def test_logger__log_all_levels_api() -> None:
    """Each level, with text, arguments, a report, a function; all with their level and metadata."""
    handler = added()
    levels = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
    for level in levels:
        fn = getattr(log_calls, level)
        handler.records.clear()
        fn("text")
        fn("%s and %d", "one", 2, mine="meta")
        fn({"key": "value", "number": 1})
        fn(lambda: "lazy")
        log_calls.log(level, [("a", 1)], name="otp.elsewhere")
        assert handler.texts == ["text", "one and 2", "key: value\nnumber: 1", "lazy", "a: 1"]
        assert {r.levelname for r in handler.records} == {level.upper()}
        assert vars(handler.records[1])["mine"] == "meta"
        assert vars(handler.records[2])["report"] == {"key": "value", "number": 1}
        assert handler.records[4].name == "otp.elsewhere"
    with pytest.raises(LoggerError, match="invalid_level"):
        log_calls.log("loud", "x")


def test_logger__set_level() -> None:
    handler = added()
    for level, expected in (
        ("error", ["error"]),
        ("info", ["info", "error"]),
        ("none", []),
        ("all", ["d", "info", "error"]),
    ):
        handler.records.clear()
        log_config.update_primary_config(level=level)
        log.debug("d")
        log.info("info")
        log.error("error")
        assert handler.texts == expected
        assert log_config.allow("error", NAME) == ("error" in expected)
    with pytest.raises(LoggerError, match="invalid_level"):
        log_config.update_primary_config(level="loud")


def test_logger__set_module_level() -> None:
    """A name's level goes before that of all, for it and what lies below it, until it is taken back."""
    handler = added()
    log_config.update_primary_config(level="error")
    log_config.set_module_level([NAME, "otp.other"], "debug")
    log.debug("one")
    logging.getLogger(f"{NAME}.below").debug("two")
    logging.getLogger("otp.third").debug("unheard")
    assert log_config.get_module_level(NAME) == "debug"
    assert log_config.get_module_level("otp.third") is None
    log_config.set_module_level(NAME, "none")
    log.critical("unheard")
    log_config.unset_module_level([NAME, "otp.other"])
    log.error("three")
    log.warning("unheard")
    assert handler.texts == ["one", "two", "three"]
    with pytest.raises(LoggerError, match="invalid_level"):
        log_config.set_module_level(NAME, "loud")


def test_logger__set_application_level() -> None:
    async def body() -> None:
        application.forget_all()
        await controller.start_link()
        handler = added()
        log_config.update_primary_config(level="error")
        with pytest.raises(LoggerError, match="not_loaded"):
            log_config.set_application_level("shop", "debug")
        controller.load(AppSpec("shop", "1", modules=("shop_till", "shop_door")))
        log_config.set_application_level("shop", "info")
        for name in ("shop", "shop_till", "shop_door", "shop_other"):
            logging.getLogger(name).info(name)
        log_config.unset_application_level("shop")
        logging.getLogger("shop_till").info("unheard")
        assert handler.texts == ["shop", "shop_till", "shop_door"]

    run(body)


def test_logger__format_report() -> None:
    for report, text in (
        ({"a": 1, "b": "text"}, "a: 1\nb: text"),
        ([("a", 1), ("b", [2])], "a: 1\nb: [2]"),
        ([1, 2], "[1, 2]"),
        ([], ""),
        (17, "17"),
        (None, "None"),
    ):
        assert log_calls.format_report(report) == text  # type: ignore[arg-type]


def test_logger__filter_failed() -> None:
    """A filter that raises, or answers nonsense, is removed and told of; records go on."""
    handler = added()
    log_config.add_primary_filter("crashes", lambda record, extra: 1 / 0)
    log_config.add_handler_filter("h", "nonsense", lambda record, extra: 17)
    log.info("goes on")
    assert handler.texts[-1] == "goes on"
    told = " ".join(handler.texts[:-1])
    assert "filter crashes of primary failed" in told
    assert "ZeroDivisionError" in told
    assert "filter nonsense of h failed" in told
    assert log_config.get_primary_config().filters == log_config.get_handler_config("h").filters == {}


def test_logger__handler_failed() -> None:
    """A handler that raises is removed; the others hear of it, and get the record."""
    handler = added("good")
    log_config.add_handler("bad", Fails())
    log.info("one")
    log.info("two")
    assert [t for t in handler.texts if not t.startswith("handler")] == ["one", "two"]
    assert any("handler bad failed and was removed: OSError('disk full')" in t for t in handler.texts)
    assert log_config.get_handler_ids() == ["good"]


def test_logger__log_failed() -> None:
    """A line whose arguments do not fit is a line that says so; a failing function is told in its place."""
    handler = added()
    log.info("%d of %s", "one")
    log_calls.info("%d", "no number")
    log_calls.info(lambda: 1 / 0)

    class Sour:
        def __str__(self) -> str:
            raise RuntimeError("will not be shown")

    log.info("%s", Sour())
    assert [t.split(":")[0] for t in handler.texts] == [
        "FORMAT ERROR",
        "FORMAT ERROR",
        "LAZY_FUN CRASH",
        "FORMAT ERROR",
    ]


def test_logger__compare_levels() -> None:
    order = ["none", "emergency", "alert", "critical", "error", "warning", "notice", "info", "debug", "all"]
    for i, one in enumerate(order):
        for j, other in enumerate(order):
            assert log_config.compare_levels(one, other) == ("eq" if i == j else "gt" if i < j else "lt")
    for bad in (("loud", "error"), ("error", "loud")):
        with pytest.raises(LoggerError, match="invalid_level"):
            log_config.compare_levels(*bad)


def test_logger__process_metadata() -> None:
    """A process's metadata is in all its lines, and in no other's; what a line says itself goes before."""
    handler = added()

    async def body() -> None:
        assert process_metadata.get_process_metadata() is None
        process_metadata.set_process_metadata({"user": "romeo", "n": 1})
        log.info("with")
        log.info("own", extra={"n": 2})
        process_metadata.update_process_metadata({"n": 3, "more": True})
        assert process_metadata.get_process_metadata() == {"user": "romeo", "n": 3, "more": True}
        pid = spawn(lambda: log.info("another process"))
        await until(lambda: not process.is_alive(pid))
        process_metadata.unset_process_metadata()
        log.info("without")
        with pytest.raises(ValueError, match="levelname"):
            process_metadata.set_process_metadata({"levelname": "x"})

    run(body)
    fields = [tuple(vars(r).get(k) for k in ("user", "n")) for r in handler.records if r.name == NAME]
    assert fields == [("romeo", 1), ("romeo", 2), (None, None), (None, None)]
