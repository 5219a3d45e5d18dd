"""Helpers of all handlers: convert rows to documented answers, and read the caller."""

from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request
from litestar.params import PathParameter

from mediafetcher.accounts.auth.credentials import UserIdentity
from mediafetcher.downloads.presets import Chosen
from mediafetcher.fetch.options import Options

Asked = Request[UserIdentity, Any, Any]
Id = Annotated[int, PathParameter(le=2**63 - 1)]  # range of the database type
T = TypeVar("T")


def fit(kind: type[T], row: Any) -> T:
    """Convert a row, or rows, to the documented type. Other fields are dropped."""
    return msgspec.convert(row, kind)


async def chosen(request: Request[Any, Any, Any], options: Options | None) -> Chosen | None:
    """Return the `options` of a request with the names that its body gives: some may have their default as value."""
    if options is None:
        return None
    body = await request.json()
    return Chosen(options, frozenset(body["options"]))


def address(request: Request[Any, Any, Any]) -> str:
    """Return the real client address of a request, as the server resolved it."""
    client = request.scope["client"]
    return client[0] if client else ""
