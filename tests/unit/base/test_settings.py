"""Settings: file < environment < flags, and what does not fit stops the start with one line."""

from pathlib import Path

import pytest

from mediafetcher.core import errors, settings


def load(tmp_path: Path, environ: dict[str, str] | None = None, **flags: object) -> settings.Settings:
    return settings.load({"state": str(tmp_path), **flags}, environ or {})


def test_the_order_is_file_environment_flags(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('port = 1111\njobs = 5\nlog_format = "json"\n')
    environ = {"MEDIAFETCHER_PORT": "2222", "MEDIAFETCHER_JOBS": "6"}
    loaded = load(tmp_path, environ, port=3333)
    assert (loaded.port, loaded.jobs, loaded.log_format) == (3333, 6, "json")


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://u:p@h/d\n")
    loaded = load(tmp_path, {"MEDIAFETCHER_DATABASE_URL_FILE": str(tmp_path / "url")})
    assert loaded.database_url == "postgresql://u:p@h/d"
    assert settings.masked(loaded)["database_url"] == "***"


@pytest.mark.parametrize(
    ("environ", "word"),
    [
        ({"MEDIAFETCHER_PROT": "1"}, "MEDIAFETCHER_PROT"),
        ({"MEDIAFETCHER_PORT": "http"}, "port"),
        ({"MEDIAFETCHER_JOBS": "0"}, "jobs"),
        ({"MEDIAFETCHER_LOG_FORMAT": "xml"}, "xml"),
        ({"MEDIAFETCHER_MIN_FREE": "much"}, "min_free"),
        ({"MEDIAFETCHER_MEDIA_MODE": "0999"}, "media_mode"),
        ({"MEDIAFETCHER_DATABASE_URL_FILE": "/nowhere/url"}, "/nowhere/url"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, environ: dict[str, str], word: str) -> None:
    with pytest.raises(errors.BadSetting, match=word):
        load(tmp_path, environ)


def test_an_unknown_name_in_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("ports = 1\n")
    with pytest.raises(errors.BadSetting, match="ports"):
        load(tmp_path)


def test_sizes_and_lists_are_read_as_people_write_them(tmp_path: Path) -> None:
    loaded = load(tmp_path, {"MEDIAFETCHER_MIN_FREE": "1.5G", "MEDIAFETCHER_ALLOW_HOSTS": "nas, 10.0.0.2:8080"})
    assert loaded.min_free == int(1.5 * 2**30)
    assert loaded.allow_hosts == ("nas", "10.0.0.2:8080")


def test_a_state_folder_that_is_a_file_is_an_error_not_a_reason_to_take_another(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(errors.StateFolder):
        settings.load({"state": str(tmp_path / "state")}, {})


def test_every_setting_has_words(tmp_path: Path) -> None:
    for name, _default, words in settings.describe():
        assert name.startswith("MEDIAFETCHER_")
        assert len(words) > 5
