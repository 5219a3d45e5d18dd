"""What handlers have in common: how rows become documented answers, and who asks."""

from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request
from litestar.params import PathParameter

from mediafetcher.accounts.auth.credentials import Person

Asked = Request[Person, Any, Any]
Id = Annotated[int, PathParameter(le=2**63 - 1)]  # what the database can hold
T = TypeVar("T")


def fit(kind: type[T], row: Any) -> T:
    """A row, or rows, as the documented shape: fields that are not in it stay inside."""
    return msgspec.convert(row, kind)


def address(request: Request[Any, Any, Any]) -> str:
    """Where the request really comes from; the front has settled it."""
    client = request.scope["client"]
    return client[0] if client else ""
