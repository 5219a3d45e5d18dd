"""The API against its own description: requests made of the schema, good ones and bad ones, to the real server.

No answer may be an internal error, and none may be one that the description does not have: its status, its kind,
its headers, its shape. The normal run makes the same requests each time; `MF_FUZZ=500` makes that many for each
operation and mode, new ones each time.
"""

import asyncio
import json
import os
import warnings
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
from shelf import add_download, add_item

from mediafetcher.api import openapi
from mediafetcher.db import engine

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed yet")
from schemathesis import GenerationMode, checks  # noqa: E402

DEEP = int(os.environ.get("MF_FUZZ") or 0)
EACH = DEEP or 6
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
# Not called here, each for its reason; tests of their own do.
ELSEWHERE = {
    ("GET", "/api/events"): "does not end",
    ("POST", "/api/store/adopt"): "is refused for a minute after another operation took the store",
    ("POST", "/api/preview"): "asks other sites",
    ("POST", "/api/ytdlp"): "asks a package registry",
}


class Shooting:
    """All operations in both modes: what was wrong, how many requests, which answers each operation gave."""

    def __init__(self, url: str, tokens: list[str]) -> None:
        self.url, self.tokens = url, tokens
        self.wrong: list[str] = []
        self.made = 0
        self.seen: dict[tuple[str, str], set[int]] = {}
        self.session = requests.Session()
        self.session.trust_env = False

    def run(self) -> None:
        schema = schemathesis.openapi.from_dict(json.loads(openapi.document()))
        for result in schema.get_all_operations():
            operation = result.ok()
            if (operation.method.upper(), operation.path) in ELSEWHERE:
                continue
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                try:
                    self.attempts(operation, mode)
                except hypothesis.errors.Unsatisfiable:
                    pass  # what takes nothing cannot be asked wrongly
                except (Exception, BaseExceptionGroup) as error:
                    where = f"{operation.method.upper()} {operation.path} ({mode.value})"
                    parts = getattr(error, "exceptions", [error])
                    self.wrong += [f"{where}: {type(part).__name__}: {part}"[:1500] for part in parts]

    def attempts(self, operation: Any, mode: GenerationMode) -> None:
        @hypothesis.settings(
            max_examples=EACH,
            deadline=None,
            database=None,
            derandomize=not DEEP,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
        )
        @hypothesis.given(operation.as_strategy(generation_mode=mode))
        def attempt(case: Any) -> None:
            self.call(case)

        attempt()

    def call(self, case: Any) -> None:
        self.made += 1
        headers = {"Authorization": f"Bearer {self.tokens[self.made % len(self.tokens)]}"}
        answer = case.call(base_url=self.url, session=self.session, headers=headers, timeout=20)
        self.seen.setdefault((case.method.upper(), case.path), set()).add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)


@pytest.mark.timeout(300 if not DEEP else 24 * 3600)
async def test_no_errors_of_ours_and_nothing_undocumented(
    web: Any, person: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # Requests of a schema like small numbers: there is something under them, and the callers are not among it.
    for table in ("account", "token"):
        await engine.execute(f"alter sequence {table}_id_seq restart 1000000")
    alice, bob = await person("Alice", admin=True), await person("Bob")
    for number in range(3):
        await add_item(alice.id, tmp_path, folder=f"F{number}", title=f"Film {number}")
        await add_download(alice.id, url=f"http://site.test/{number}")
    shooting = Shooting(web.url, [alice.token, alice.token, bob.token])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        await asyncio.to_thread(shooting.run)
    assert shooting.wrong == [], "\n\n".join(shooting.wrong)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    paths = json.loads(openapi.document())["paths"]
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert set(shooting.seen) == described - set(ELSEWHERE)
    succeeded = sum(any(status < 300 for status in statuses) for statuses in shooting.seen.values())
    print(f"{shooting.made} requests of {len(shooting.seen)} operations, {succeeded} of which did what was asked")
    assert succeeded >= 20  # it does not only knock on closed doors
