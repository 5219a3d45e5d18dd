"""One line per event: a constant message, and the facts as fields.

    log = get("downloads")
    log.info("download done", job=12, seconds=3.4)

Fields bound with `bind(job=12)` are added to every line of the present task. Values whose names say that they
are secret are masked, URLs lose their query, and control characters cannot forge a line.
"""

import json
import logging
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

_bound: ContextVar[dict[str, Any]] = ContextVar("log_fields", default={})
_SECRET = re.compile(r"pass(word)?|cookie|token|secret|authorization|jar|(?<!_)code$", re.IGNORECASE)
_QUERY = re.compile(r"(https?://[^\s?#\"']*)[?#][^\s\"']*")
_USERINFO = re.compile(r"(https?://)[^\s/@\"']*@")
_TOKEN = re.compile(r"\bmf_[A-Za-z0-9_-]{8,}")
_SHARE = re.compile(r"(/s/)[A-Za-z0-9_-]{20,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


def redact(text: str) -> str:
    """Return the text without URL queries, credentials in URLs, tokens and line breaks."""
    text = _SHARE.sub(r"\1***", text)
    text = _TOKEN.sub("mf_***", _USERINFO.sub(r"\1", _QUERY.sub(r"\1", text)))
    return _CONTROL.sub(lambda match: repr(match[0])[1:-1], text)


def _value(name: str, value: Any) -> Any:
    if _SECRET.search(name):
        return "***"
    if value is None or isinstance(value, bool | int | float):
        return round(value, 3) if isinstance(value, float) else value
    return redact(str(value))


class _Formatter(logging.Formatter):
    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        fields = {name: _value(name, value) for name, value in getattr(record, "fields", {}).items()}
        if record.exc_info:
            fields["trace"] = redact(self.formatException(record.exc_info))
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03}Z"
        message = redact(record.getMessage())
        if self._as_json:
            head = {"time": stamp, "level": record.levelname.lower(), "log": record.name, "message": message}
            return json.dumps(head | fields, ensure_ascii=False)
        tail = "".join(f" {name}={value}" for name, value in fields.items() if value is not None)
        return f"{stamp} {record.levelname.lower():7} {record.name:12} {message}{tail}"


class Log:
    """A logger whose keyword arguments are the fields of the line."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def _write(self, level: int, message: str, fields: dict[str, Any], *, exc_info: bool = False) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, message, exc_info=exc_info, extra={"fields": _bound.get() | fields})

    def debug(self, message: str, **fields: Any) -> None:
        self._write(logging.DEBUG, message, fields)

    def info(self, message: str, **fields: Any) -> None:
        self._write(logging.INFO, message, fields)

    def warning(self, message: str, **fields: Any) -> None:
        self._write(logging.WARNING, message, fields)

    def error(self, message: str, **fields: Any) -> None:
        self._write(logging.ERROR, message, fields)

    def exception(self, message: str, **fields: Any) -> None:
        """Log an error with the traceback of the current exception on the same line."""
        self._write(logging.ERROR, message, fields, exc_info=True)


def get(name: str) -> Log:
    return Log(logging.getLogger(f"mf.{name}"))


@contextmanager
def bind(**fields: Any) -> Iterator[None]:
    """Add fields to every line written inside, in this task and those it starts."""
    token = _bound.set(_bound.get() | fields)
    try:
        yield
    finally:
        _bound.reset(token)


def setup(level: str = "info", form: str = "text", stream: TextIO | None = None) -> None:
    """Send all logging of the process to `stream` (standard error), and replace the handlers of libraries."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Formatter(as_json=form == "json"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)  # libraries log only warnings and errors
    logging.getLogger("mf").setLevel(level.upper())
    for name in ("_granian", "granian.access", "huey", "piccolo", "litestar"):
        library = logging.getLogger(name)
        library.handlers[:] = []
        library.propagate = True
