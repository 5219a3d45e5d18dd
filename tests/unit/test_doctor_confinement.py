"""doctor says which of the kernel's means confine children here, and which are missing."""

import pytest

from mediafetcher.fetch import gateway
from mediafetcher.ops.doctor import confinement


@pytest.mark.parametrize(
    ("without", "notes"),
    [("", set()), ("namespace", set()), ("landlock", {"landlock"}), ("namespace,landlock", {"landlock", "gateway"})],
)
def test_missing_confinement_is_reported(monkeypatch, without, notes):
    monkeypatch.setenv("MF_WITHOUT", without)
    gateway.kind.cache_clear()
    try:
        found = {finding.name: finding.level for finding in confinement.examine()}
    finally:
        monkeypatch.undo()
        gateway.kind.cache_clear()
    assert set(found) == {"seccomp", "landlock", "gateway"}
    assert {name for name, level in found.items() if level == "note"} == notes
    assert "problem" not in found.values()
