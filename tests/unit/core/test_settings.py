"""Settings: file < environment < flags, and what does not fit stops the start with one line."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from mediafetcher.core import errors, settings


def load(tmp_path: Path, environ: dict[str, str] | None = None, **flags: object) -> settings.Settings:
    return settings.load({"state": str(tmp_path), **flags}, environ or {})


def test_the_order_is_file_environment_flags(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('port = 1111\njobs = 5\nlog_format = "json"\n')
    environ = {"MEDIAFETCHER_PORT": "2222", "MEDIAFETCHER_MAX_DOWNLOADS": "6"}
    loaded = load(tmp_path, environ, port=3333)
    assert (loaded.port, loaded.max_downloads, loaded.log_format) == (3333, 6, "json")


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
        ({"MEDIAFETCHER_MAX_DOWNLOADS": "0"}, "max_downloads"),
        ({"MEDIAFETCHER_LOG_FORMAT": "xml"}, "xml"),
        ({"MEDIAFETCHER_MIN_FREE": "much"}, "min_free"),
        ({"MEDIAFETCHER_MEDIA_MODE": "0999"}, "media_mode"),
        ({"MEDIAFETCHER_DATABASE_URL_FILE": "/nowhere/url"}, "/nowhere/url"),
    ],
)
def test_invalid_setting_is_named(tmp_path: Path, environ: dict[str, str], word: str) -> None:
    with pytest.raises(errors.BadSetting, match=word):
        load(tmp_path, environ)


def test_an_unknown_name_in_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("ports = 1\n")
    with pytest.raises(errors.BadSetting, match="ports"):
        load(tmp_path)


def test_sizes_and_lists_are_read_as_users_write_them(tmp_path: Path) -> None:
    loaded = load(tmp_path, {"MEDIAFETCHER_MIN_FREE": "1.5G", "MEDIAFETCHER_ALLOW_HOSTS": "nas, 10.0.0.2:8080"})
    assert loaded.min_free == int(1.5 * 2**30)
    assert loaded.allow_hosts == ("nas", "10.0.0.2:8080")


def test_a_state_folder_that_is_a_file_is_an_error_not_a_reason_to_take_another(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(errors.InvalidStateDir):
        settings.load({"state": str(tmp_path / "state")}, {})


def test_every_setting_has_words(tmp_path: Path) -> None:
    for name, _default, words in settings.describe():
        assert name.startswith("MEDIAFETCHER_")
        assert len(words) > 5


_EDGES = (
    "",
    " ",
    "0",
    "1",
    "-1",
    "nan",
    "inf",
    "1e400",
    "9" * 30,
    "true",
    "no",
    "\u0663",
    "é" * 300,
    "\x00",
    "a\nb",
    "\udcff",
)
_FILE_VALUES = ("0", "1", "1.5", "-1", "true", "[]", "[1]", "{}", "nan", "inf", "1979-05-27", "''", "'\\u0000'")


def _assert_taken_or_one_line(name: str, given: str, load_it: Callable[[], settings.Settings]) -> None:
    """Anything else that is raised fails the test: it would be "[internal]" at the start."""
    said = ""
    try:
        number = getattr(load_it(), name)
    except (errors.BadSetting, errors.InvalidStateDir) as problem:
        number, said = 0, problem.detail
    assert "\n" not in said and len(said) < 1000, (name, given)
    assert not isinstance(number, float) or number == number, (name, given)


@pytest.mark.parametrize("name", [name for name in settings._FIELDS if name != "state"])
def test_every_setting_takes_each_edge_or_names_it_in_one_line(tmp_path: Path, name: str) -> None:
    entry = settings._FIELDS[name]
    low, high = entry.metadata["low"], entry.metadata["high"]
    bounds = () if low is None else (str(low), str(high), str(high + 1))
    for value in (*_EDGES, *bounds):
        key = f"MEDIAFETCHER_{name.upper()}"
        _assert_taken_or_one_line(name, value, lambda key=key, value=value: load(tmp_path, {key: value}))
        _assert_taken_or_one_line(name, value, lambda value=value: load(tmp_path, **{name: value}))
    for value in _FILE_VALUES:
        (tmp_path / "config.toml").write_text(f"{name} = {value}\n")
        _assert_taken_or_one_line(name, value, lambda: load(tmp_path))
    if low is not None:
        (tmp_path / "config.toml").unlink()
        with pytest.raises(errors.BadSetting, match="maximum"):
            load(tmp_path, {f"MEDIAFETCHER_{name.upper()}": str(int(high) + 1) if name != "media_mode" else "1000"})


@pytest.mark.parametrize("given", ["false", "no", "off", "0", "False"])
def test_setting_that_is_switched_off_is_off(tmp_path: Path, given: str) -> None:
    assert load(tmp_path, {"MEDIAFETCHER_PROXY_RESOLVES_NAMES": given}).proxy_resolves_names is False


def test_empty_variable_of_an_optional_setting_counts_as_missing(tmp_path: Path) -> None:
    loaded = load(tmp_path, {"MEDIAFETCHER_MEDIA": "", "MEDIAFETCHER_PROXY": "", "MEDIAFETCHER_ALLOW_HOSTS": ""})
    assert (loaded.media, loaded.proxy, loaded.allow_hosts) == (None, None, ())


@pytest.mark.parametrize("state", ["", "\x00", "a\nb"])
def test_state_folder_that_is_no_name_is_refused(state: str) -> None:
    with pytest.raises(errors.BadSetting, match="state"):
        settings.load({"state": state}, {})


@pytest.mark.parametrize("port", ["0", "65536"])
def test_unusable_port_is_refused(tmp_path: Path, port: str) -> None:
    with pytest.raises(errors.BadSetting, match="port"):
        load(tmp_path, {"MEDIAFETCHER_PORT": port})


def test_config_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(errors.BadSetting, match="Cannot read"):
        load(tmp_path)


@pytest.mark.parametrize("name", settings.CHANGEABLE)
def test_changeable_setting_is_described_with_its_bounds(name: str) -> None:
    kinds = msgspec.json.schema(settings.SomeSettings)["$defs"]["SomeSettings"]["properties"][name]["anyOf"]
    facts = settings._FIELDS[name].metadata
    numbers = [kind for kind in kinds if kind["type"] in ("integer", "number")]
    assert {"type": "null"} in kinds
    assert [(kind["minimum"], kind["maximum"]) for kind in numbers] == [(facts["low"], facts["high"])] * len(numbers)
    assert bool(numbers) == (name not in ("proxy", "host_names"))


def test_setting_that_is_yes_or_no_can_be_changeable() -> None:
    kind = settings._changeable("proxy_resolves_names")
    assert msgspec.json.decode(b'{"proxy_resolves_names": true}', type=kind) == kind(proxy_resolves_names=True)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"proxy_resolves_names": 2}', type=kind)
