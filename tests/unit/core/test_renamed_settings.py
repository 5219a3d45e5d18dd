"""Settings under their old names: they work with one warning, and two values for one setting are refused."""

from pathlib import Path

import pytest

from mediafetcher.cli import parser
from mediafetcher.core import errors, renamed_settings, settings


def _load(state: Path, environ: dict[str, str] | None = None) -> settings.Settings:
    return settings.load({"state": str(state)}, environ or {})


@pytest.mark.parametrize(("old", "new"), renamed_settings.NEW_NAMES.items())
def test_old_name_in_file_and_environment_sets_the_new_one(tmp_path: Path, old: str, new: str) -> None:
    (tmp_path / "config.toml").write_text(f"{old} = 7\n")
    from_file = _load(tmp_path)
    assert getattr(from_file, new) == 7
    assert [(use.written, use.new) for use in from_file.old_names] == [(old, new)]
    from_environment = _load(tmp_path, {f"MEDIAFETCHER_{old.upper()}": "9"})
    assert getattr(from_environment, new) == 9 and new in from_environment.pinned
    assert f"MEDIAFETCHER_{new.upper()}" in from_environment.old_names[0].warning


def test_both_names_with_one_value_are_accepted(tmp_path: Path) -> None:
    loaded = _load(tmp_path, {"MEDIAFETCHER_JOBS": "4", "MEDIAFETCHER_MAX_DOWNLOADS": "4"})
    assert loaded.max_downloads == 4 and len(loaded.old_names) == 1


@pytest.mark.parametrize("environ", [True, False])
def test_both_names_with_two_values_are_refused(tmp_path: Path, environ: bool) -> None:
    if not environ:
        (tmp_path / "config.toml").write_text("jobs = 3\nmax_downloads = 4\n")
    given = {"MEDIAFETCHER_JOBS": "3", "MEDIAFETCHER_MAX_DOWNLOADS": "4"} if environ else {}
    with pytest.raises(errors.BadSetting, match="max_downloads"):
        _load(tmp_path, given)


def test_new_settings_use_no_old_name(tmp_path: Path) -> None:
    assert _load(tmp_path, {"MEDIAFETCHER_MAX_DOWNLOADS": "4"}).old_names == ()


def test_every_new_name_is_a_setting() -> None:
    assert set(renamed_settings.NEW_NAMES.values()) <= {
        name.removeprefix("MEDIAFETCHER_").lower() for name, *_ in settings.describe()
    }
    assert not set(renamed_settings.NEW_NAMES) & {
        name.removeprefix("MEDIAFETCHER_").lower() for name, *_ in settings.describe()
    }


@pytest.mark.parametrize("flag", [["--jobs", "3"], ["--max-tries=3"], ["serve", "--beat-seconds", "1"]])
def test_old_name_as_flag_names_the_new_setting(flag: list[str]) -> None:
    with pytest.raises(errors.UsageError, match=r"is now the setting \w+"):
        parser.parse(flag)
