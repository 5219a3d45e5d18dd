"""Error answers over HTTP: `application/problem+json` (RFC 9457) with a stable code and the request's id.

An exception that is not a `Problem` is our fault. The log has its traceback; the client gets the request's id.
"""

from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    InternalServerException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)

from mediafetcher.core import errors, logging, renamed_settings
from mediafetcher.db import engine

MEDIA_TYPE = "application/problem+json"
request_id: ContextVar[str] = ContextVar("request_id", default="")
_LEFT = "client disconnected prematurely"  # Litestar's message
_log = logging.get("api")


class Problem(msgspec.Struct):
    """An error answer. `code` is stable, `detail` is an English sentence, `source` is the id of the source."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    source: int | msgspec.UnsetType = msgspec.UNSET


def body(problem: errors.Problem) -> bytes:
    title = HTTPStatus(problem.status).phrase
    source = problem.facts.get("source", msgspec.UNSET)
    said = Problem("about:blank", title, problem.status, problem.detail, problem.code, request_id.get(), source)
    return msgspec.json.encode(said)


def headers(problem: errors.Problem) -> dict[str, str]:
    """Return the headers that belong to a problem."""
    extra = {"cache-control": "no-store"}
    if "retry_after" in problem.facts:
        extra["retry-after"] = str(problem.facts["retry_after"])
    elif problem.status == 503:
        extra["retry-after"] = "5"
    if isinstance(problem, errors.SharePassword):
        extra["www-authenticate"] = 'Basic realm="MediaFetcher", charset="UTF-8"'
    if "allow" in problem.facts:
        extra["allow"] = problem.facts["allow"]
    return extra


def translate(error: Exception) -> errors.Problem:
    """Convert an exception to a problem. Unexpected exceptions are logged."""
    if isinstance(error, errors.Problem):
        if error.status >= 500:
            _log.warning("request refused", code=error.code, detail=error.detail)
        return error
    if isinstance(error, engine.DataError | UnicodeEncodeError):
        # Text that no column can store (NUL, a lone surrogate). Nothing legitimate contains it, so one rule suffices.
        _log.warning("the database cannot hold a value", error=str(error))
        return errors.Invalid("A value contains characters that cannot be stored.")
    if isinstance(error, RecursionError):
        # Only parsers of client input recurse deeply.
        return errors.Invalid("The request is nested too deeply.")
    if isinstance(error, InternalServerException) and error.detail == _LEFT:
        return errors.Invalid("The request ended before its body was complete.")
    if isinstance(error, ValidationException):
        return errors.Invalid(_what_does_not_fit(error))
    if isinstance(error, NotFoundException):
        return errors.NotFound()
    if isinstance(error, MethodNotAllowedException):
        return errors.MethodNotAllowed()
    if isinstance(error, HTTPException) and error.status_code == 413:
        return errors.TooLargeBody()
    if isinstance(error, ClientException) and error.status_code == 400:
        return errors.Invalid()
    _log.exception("request failed", error=type(error).__name__)
    return errors.Internal()


def _what_does_not_fit(error: ValidationException) -> str:
    faults: list[Any] = error.extra if isinstance(error.extra, list) else []
    words = [
        f"{fault['key']}: {fault.get('message', 'does not fit')}" if "key" in fault else fault.get("message", "")
        for fault in faults
        if isinstance(fault, dict)
    ]
    said = "; ".join(word for word in words if word)[:500]
    return " ".join(filter(None, ("The request is not valid.", said, renamed_settings.hint(said))))


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer any exception of the application."""
    problem = translate(error)
    return Response(body(problem), status_code=problem.status, media_type=MEDIA_TYPE, headers=headers(problem))
