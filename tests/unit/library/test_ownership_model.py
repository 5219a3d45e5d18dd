"""P22: histories of installations that come, go, are cloned, restored to older states and share one media folder.

The state machine is in ownership_machine.py. Three mutants, each without one of the checks, must be caught by it.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
from hypothesis.stateful import run_state_machine_as_test

from mediafetcher.library.storage import ownership, sweeper, unknown
from tests import deep
from tests.conftest import Server, cloned
from tests.unit.library import ownership_machine
from tests.unit.library.ownership_machine import Installations

pytestmark = [pytest.mark.promise(22), pytest.mark.timeout(14400)]

HISTORIES = 100  # of the test command
STEPS = 16
Script = tuple[tuple[str, dict[str, Any]], ...]


@pytest.fixture
def machine(server: Server) -> Iterator[type[Installations]]:
    """The state machine on a database of its own."""
    with asyncio.Runner() as runner:
        clone = cloned(server)
        dsn = runner.run(clone.__aenter__())
        try:
            runner.run(ownership_machine.prepare(dsn))
            yield type("Installations", (Installations,), {"dsn": dsn, "patch": pytest.MonkeyPatch()})
        finally:
            runner.run(clone.__aexit__(None, None, None))


def _run(machine: type[Installations], count: int, seed: int | None = None) -> None:
    """Run so many histories: the same each time, or those of a seed."""
    if seed is not None:
        machine = hypothesis.seed(seed)(machine)  # type: ignore[type-var]
    run_state_machine_as_test(
        machine,
        settings=hypothesis.settings(
            max_examples=count,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=seed is None,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate],  # shrinking would take longer than a look by hand
            database=None,
            report_multiple_bugs=False,
        ),
    )


def test_random_histories_lose_no_file(machine: type[Installations]) -> None:
    deep.chance("owners")  # prints the seed
    _run(machine, deep.count(22, HISTORIES), deep.SEED if deep.deep(22) else None)


# ---- the mutants -------------------------------------------------------------------------------------------


def _without_claims(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ownership, "_judge", lambda *_: None)

    async def no_conflict(*_: object) -> None:
        return None

    patch.setattr(ownership, "_conflict", no_conflict)


def _without_lineage(patch: pytest.MonkeyPatch) -> None:
    async def freeze_only(connection: Any, reason: str) -> None:
        await connection.execute(
            "update installation set number = null, nonce = null, pending_nonce = null, frozen_reason = $1", reason
        )

    patch.setattr(ownership_machine.lineage, "begin_in", freeze_only)


def _without_evidence(patch: pytest.MonkeyPatch) -> None:
    sweep = sweeper.sweep

    async def also_unknown() -> int:
        removed = await sweep()
        if ownership.frozen() is None:
            for file in [file async for file in unknown.files()]:
                file.path.unlink()
        return removed

    patch.setattr(sweeper, "sweep", also_unknown)


def _put(who: int = 0) -> tuple[str, dict[str, Any]]:
    return "put", {"who": who, "which": 0}


_LET_GO: Script = (_put(), ("release", {"who": 0, "which": 0}), ("back_up", {"who": 0}))
# The faults that each check prevents, as short as possible. Without the mutant the same histories are right.
_A_CLONE: Script = (*_LET_GO, _put(), ("clone", {"which": 0}), ("sweep", {"who": 1, "late": True}))
_AN_OLDER_BACKUP: Script = (
    *(*_LET_GO, _put(), ("restore", {"who": 0, "which": 0})),
    *(("decide", {"who": 0, "decision": "take"}), ("sweep", {"who": 0, "late": True})),
)
_A_NEW_DATABASE: Script = (
    *(_put(), ("stop", {"who": 0}), ("arrive", {}), ("sweep", {"who": 1, "late": False})),
    *(("decide", {"who": 0, "decision": "take"}), ("sweep", {"who": 1, "late": True})),
)
_MUTANTS = [(_without_claims, _A_CLONE), (_without_lineage, _AN_OLDER_BACKUP), (_without_evidence, _A_NEW_DATABASE)]
_Mutant = Callable[[pytest.MonkeyPatch], None]


def _follow(machine: type[Installations], script: Script) -> None:
    """Do exactly this."""
    one = machine()
    try:
        for name, given in script:
            getattr(one, name)(**given)
    finally:
        one.teardown()


def test_file_is_freed_after_the_clock_of_the_database_was_set_back(machine: type[Installations]) -> None:
    _follow(
        machine,
        (
            ("roll_back_after_placing", {"who": 0, "which": 0}),
            ("let_clock_jump", {"who": 0, "hours": -9600.0, "database": True}),
        ),
    )


@pytest.mark.parametrize(("mutant", "script"), _MUTANTS)
def test_mutant_without_a_check_is_caught(
    mutant: _Mutant, script: Script, machine: type[Installations], monkeypatch: pytest.MonkeyPatch
) -> None:
    _follow(machine, script)
    mutant(monkeypatch)
    with pytest.raises(AssertionError, match="unlinked"):
        _follow(machine, script)


@pytest.mark.skipif(not deep.deep(22), reason="the scripts above catch each; a deep run looks for them by chance too")
@pytest.mark.parametrize("mutant", [mutant for mutant, _ in _MUTANTS])
def test_mutant_without_a_check_is_caught_by_random_histories(
    mutant: _Mutant, machine: type[Installations], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    with pytest.raises(Exception, match="") as found:
        _run(machine, 2000, deep.SEED)
    # How often a call is made is partly chance, so a case with an injected error may not fail when it is repeated.
    assert "unlinked" in _words(found.value)


def _words(error: BaseException) -> str:
    parts = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return " ".join([str(error), *map(_words, parts)])
