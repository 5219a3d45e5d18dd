"""The part of a start that runs while the program is loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

from mediafetcher.app import state_folder
from mediafetcher.core import errors, settings
from mediafetcher.db import embedded


def test_module_of_the_start_loads_neither_program_nor_web_framework() -> None:
    heavy = "{'mediafetcher.app.instance', 'litestar', 'granian', 'yt_dlp'}"
    script = f"import sys, mediafetcher.cli.main, mediafetcher.app.serve; print(*{heavy} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert loaded.stdout.split() == []


def test_locked_state_folder_is_refused_until_it_is_released(tmp_path: Path) -> None:
    with state_folder.lock(tmp_path), pytest.raises(errors.AlreadyRunning), state_folder.lock(tmp_path):
        pass
    with state_folder.lock(tmp_path):
        pass


async def test_database_of_an_existing_state_folder_is_left_to_the_start(state: Path) -> None:
    embedded.home(state).mkdir(parents=True)
    await state_folder.create_database(settings.get())
    assert list(embedded.home(state).iterdir()) == []
