"""An installation below a folder that only root may enter, as every clone made by `mktemp -d` is."""

import os
import sys
from pathlib import Path

import pytest

from mediafetcher.sandbox import process

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")


@root_only
async def test_a_program_below_a_closed_folder_is_seen_as_one_that_may_be_run(tmp_path: Path) -> None:
    """PostgreSQL asks access(2) about its programs, which forgets capabilities unless it is told not to."""
    closed = tmp_path / "closed"
    closed.mkdir()
    program = closed / "program"
    program.touch()
    program.chmod(0o755)
    closed.chmod(0o700)
    ask = "import os, sys; print(os.access(sys.argv[1], os.R_OK | os.X_OK))"
    async with await process.start([sys.executable, "-c", ask, str(program)], reach=[program]) as running:
        assert [line async for line in running] == [b"True"]


@root_only
async def test_it_may_read_there_and_not_write(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "film").write_text("frames")
    script = f"cat {closed}/film; touch {closed}/new && echo written"
    async with await process.start(["/bin/sh", "-c", script], reach=[closed / "film"]) as running:
        assert b"".join([line async for line in running]) == b"frames"
