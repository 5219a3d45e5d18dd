"""Every "no" that leaves over HTTP: `application/problem+json` (RFC 9457) with a stable code and the request's id.

What is not a `Problem` is ours: the log has its trace, the caller only the id under which to find it.
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

from mediafetcher.core import errors, logging
from mediafetcher.db import engine

MEDIA_TYPE = "application/problem+json"
request_id: ContextVar[str] = ContextVar("request_id", default="")
_LEFT = "client disconnected prematurely"  # Litestar's words
_log = logging.get("api")


class Problem(msgspec.Struct):
    """Why a request was not done. `code` is stable; `detail` is a sentence in English; `source`: whose."""

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
    """Headers that belong to the problem itself."""
    extra = {"cache-control": "no-store"}
    if "retry_after" in problem.facts:
        extra["retry-after"] = str(problem.facts["retry_after"])
    elif problem.status == 503:
        extra["retry-after"] = "5"
    if "allow" in problem.facts:
        extra["allow"] = problem.facts["allow"]
    return extra


def translate(error: Exception) -> errors.Problem:
    """The problem that an exception is; one that nobody expected goes to the log."""
    if isinstance(error, errors.Problem):
        if error.status >= 500:
            _log.warning("request refused", code=error.code, detail=error.detail)
        return error
    if isinstance(error, engine.DataError | UnicodeEncodeError):
        # Text that no column can hold (a NUL, half a surrogate pair): nobody types that, so one rule is enough.
        _log.warning("the database cannot hold a value", error=str(error))
        return errors.Invalid("A value holds characters that cannot be kept.")
    if isinstance(error, RecursionError):
        # Only parsers of what was sent go deep; nothing of ours calls itself.
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
    return "The request is not well formed. " + "; ".join(word for word in words if word)[:500]


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """What the application answers to any exception."""
    problem = translate(error)
    return Response(body(problem), status_code=problem.status, media_type=MEDIA_TYPE, headers=headers(problem))
