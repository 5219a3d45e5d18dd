"""All settings of the program in one table: name, type, default, help.

Precedence, lowest first: TOML file (`/etc/mediafetcher/config.toml`, or `config.toml` in the state folder),
`MEDIAFETCHER_*` in the environment, flags. A value may also come from the file named by `MEDIAFETCHER_..._FILE`. An
unknown name or an invalid value stops the start with one line.
"""

import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from mediafetcher.core import errors, setting_values
from mediafetcher.core.renamed_settings import NEW_NAMES, OldName

PREFIX = "MEDIAFETCHER_"
SYSTEM_FILE = Path("/etc/mediafetcher/config.toml")
GIB = 1 << 30
_CHOICES = {
    "log_level": ("debug", "info", "warning", "error"),
    "log_format": ("text", "json"),
    "encoder": ("auto", "software"),
    "recovery": ("on", "off"),
    "ytdlp_update": ("off", "offer", "auto"),
}


def _setting(
    default: Any, help: str, *, secret: bool = False, low: float | None = None, high: float = 1_000_000
) -> Any:
    return field(default=default, metadata={"help": help, "secret": secret, "low": low, "high": high})


@dataclass(frozen=True)
class Settings:
    """The effective settings of this process."""

    state: Path = _setting(None, "folder for the database, the key file, running downloads and logs")
    media: Path | None = _setting(None, "media folder; on the first start, /mnt/media if it is a mount")
    database_url: str | None = _setting(None, "your own PostgreSQL server instead of the embedded one", secret=True)
    host: str = _setting("127.0.0.1", "address to listen on; 0.0.0.0 for all")
    port: int = _setting(8787, "port to listen on", low=1, high=65_535)
    public_url: str | None = _setting(None, "address that users open in the browser, e.g. https://media.example.org")
    host_names: tuple[str, ...] = _setting((), "further host names under which the server is opened, e.g. nas.lan")
    trusted_proxies: tuple[str, ...] = _setting((), "addresses of proxies whose X-Forwarded-* headers are trusted")
    proxy_user_header: str | None = _setting(
        None, "header in which a trusted proxy names the signed-in user, e.g. Remote-User"
    )
    proxy_secret: str | None = _setting(
        None, "what a trusted proxy sends as X-MediaFetcher-Proxy-Secret, 16 characters or more", secret=True
    )
    allow_hosts: tuple[str, ...] = _setting((), "hosts on private networks that downloads may access, as name[:port]")
    max_downloads: int = _setting(3, "simultaneous downloads", low=1, high=64)
    max_downloads_per_site: int = _setting(2, "simultaneous downloads per site", low=1, high=64)
    max_conversions: int = _setting(1, "simultaneous conversions", low=1, high=64)
    ffmpeg_threads: int = _setting(max(1, (os.cpu_count() or 2) // 2), "CPU threads per conversion", low=1, high=256)
    rate_limit: int | None = _setting(
        None, "total speed limit of all downloads, in bytes per second (or 2M)", low=1024, high=1 << 40
    )
    proxy: str | None = _setting(None, "proxy for all downloads: http://, https:// or socks5://host:port", secret=True)
    proxy_resolves_names: bool = _setting(
        default=False, help="that proxy is given names, and may lead to what its network holds"
    )
    max_live_seconds: float = _setting(14_400.0, "maximum recording time of a live stream, in seconds", low=1)
    live_outage_seconds: float = _setting(
        60.0, "seconds without a new segment after which a live recording has ended", low=1
    )
    sponsorblock_url: str = _setting(
        "https://sponsor.ajay.app", "SponsorBlock server that is asked for segments when a download requests them"
    )
    po_token_provider: str | None = _setting(
        None, "PO token provider for YouTube (bgutil's HTTP interface), e.g. http://127.0.0.1:4416"
    )
    ca_file: Path | None = _setting(
        None, "PEM file with certificate authorities of your own, which downloads trust too"
    )
    max_height: int = _setting(1080, "default maximum video height, in pixels", low=144, high=16_384)
    max_file_size: int = _setting(64 * GIB, "maximum size of a downloaded file (bytes, or 64G)", low=1, high=1 << 50)
    min_free: int = _setting(256 << 20, "free space to keep in the media folder (bytes, or 256M)", low=0, high=1 << 50)
    mount_check_seconds: float = _setting(3.0, "seconds between checks of the media folder", low=0.05)
    mount_timeout_seconds: float = _setting(
        8.0, "seconds without a response before the media folder counts as unavailable", low=0.1
    )
    housekeeping_seconds: float = _setting(60.0, "seconds between cleanups of the trash and of unused files", low=0.1)
    trash_days: float = _setting(
        30.0, "days in the trash before an item is deleted permanently; 0 deletes immediately", low=0, high=36_500
    )
    grace_hours: float = _setting(
        24.0, "hours before an unused file is removed, once its last item is deleted permanently", low=0, high=876_000
    )
    scrub_days: float = _setting(
        30.0, "days within which every stored file is verified once; 0 disables verification", low=0, high=36_500
    )
    recovery: str = _setting(
        "on", "on: nightly backups and a journal in the media folder, which `rebuild` needs; off: neither"
    )
    backup_hours: float = _setting(24.0, "hours between two backups in the media folder", low=0.001, high=876_000)
    media_mode: int = _setting(0o444, "permissions of stored files, octal", low=0o400, high=0o777)
    log_level: str = _setting("info", "debug, info, warning or error")
    log_format: str = _setting("text", "text or json")
    lease_seconds: float = _setting(
        60.0, "seconds without a heartbeat before a download moves to another machine", low=1
    )
    heartbeat_seconds: float = _setting(10.0, "seconds between heartbeats of a running download", low=0.05)
    reconcile_seconds: float = _setting(5.0, "seconds between scans of the queue for work without a wake-up", low=0.05)
    shutdown_seconds: float = _setting(10.0, "seconds a program may take to stop before it is killed", low=0.1)
    stall_seconds: float = _setting(60.0, "seconds a download may receive no data before it is stopped", low=1)
    retry_seconds: float = _setting(15.0, "seconds before the first retry; doubles with each retry", low=0.01)
    max_attempts: int = _setting(8, "maximum attempts for a download with temporary errors", low=1, high=1000)
    encoder: str = _setting("auto", "auto: hardware encoder if it works; software: always libx264")
    ytdlp_index: str = _setting("https://pypi.org/simple", "package index for newer yt-dlp versions")
    ytdlp_update: str = _setting(
        "offer",
        "what to do when a site changes: offer (test a newer yt-dlp and offer it if it helps), auto "
        "(install it, and update once a day), off",
    )

    # Names set by the environment or a flag. They cannot be changed at run time.
    pinned: frozenset[str] = field(default=frozenset(), metadata={"inner": True})
    # Uses of old names: reported once at the start, and by `doctor` and `settings`.
    old_names: tuple[OldName, ...] = field(default=(), metadata={"inner": True})

    @property
    def work(self) -> Path:
        """Return the folder of active downloads. Each has its own subfolder."""
        return self.state / "work"

    @property
    def fetch(self) -> Path:
        """Return the folder of fetch children. Each has its own subfolder; the server writes nothing there."""
        return self.state / "fetch"

    @property
    def logs(self) -> Path:
        return self.state / "logs"


_FIELDS = {entry.name: entry for entry in fields(Settings) if "inner" not in entry.metadata}


# The types of settings, and what JSON has for them.
_PLAIN: dict[Any, Any] = {
    bool: bool,
    int: int,
    int | None: int,
    float: float,
    str | None: str,
    tuple[str, ...]: list[str],
}


def _changeable(*names: str) -> type[msgspec.Struct]:
    """Make the structure of settings that can be changed at run time, with the bounds of the table above.

    Null restores the default; so the API describes the bounds and refuses other values.
    """
    made: list[tuple[str, Any, Any]] = []
    for name in names:
        facts = _FIELDS[name].metadata
        kind: Any = _PLAIN[_FIELDS[name].type]
        if kind in (int, float):
            kind = Annotated[kind, msgspec.Meta(ge=facts["low"], le=facts["high"])]
        made.append((name, kind | msgspec.UnsetType | None, msgspec.UNSET))
    return msgspec.defstruct("SomeSettings", made, module=__name__, forbid_unknown_fields=True)


if TYPE_CHECKING:
    SomeSettings = msgspec.Struct
else:
    SomeSettings = _changeable(
        *("max_height", "max_downloads", "max_downloads_per_site", "max_conversions", "ffmpeg_threads"),
        *("trash_days", "grace_hours", "rate_limit", "proxy", "host_names"),
    )
    SomeSettings.__doc__ = (
        "Settings that can be changed at run time; null restores the default. `rate_limit`: bytes/s of all downloads."
    )
CHANGEABLE = SomeSettings.__struct_fields__  # stored in the database by db/runtime_settings.py
SECRETS = tuple(name for name, entry in _FIELDS.items() if entry.metadata["secret"])
_current: Settings | None = None
_start: Settings | None = None  # the settings at the start, without those of the database


def get() -> Settings:
    """Return the settings of this process. `use` sets them once, at the start."""
    if _current is None:
        raise RuntimeError("settings.use() was not called")
    return _current


def use(settings: Settings) -> Settings:
    global _current, _start
    _current = _start = settings
    return settings


def overlay(values: Mapping[str, Any]) -> None:
    """Apply the stored changes over the settings of the start. Environment and flags take precedence."""
    global _current
    assert _start is not None
    kept = {name: value for name, value in values.items() if name in CHANGEABLE and name not in _start.pinned}
    _current = replace(_start, **{name: _check(name, value) for name, value in kept.items()})


def check(name: str, value: Any) -> None:
    """Check a value; None is the default. Raises: `BadSetting`."""
    if value is not None:
        _check(name, value)


def load(flags: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Load the settings from file, environment and flags. Raises: `BadSetting` or `InvalidStateDir` with the cause."""
    environ = os.environ if environ is None else environ
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    if "state" in given and not str(given["state"]).strip():
        raise errors.BadSetting("state: it is empty. Name a folder, or leave the flag out.")
    old_names: list[OldName] = []
    from_environment = _from_environment(environ, old_names)
    chosen = given.get("state") or from_environment.get("state", "").strip() or _default_state(environ)
    state = Path(_check("state", str(chosen))).absolute()
    files = _from_file(SYSTEM_FILE, old_names) | _from_file(_readable(state) / "config.toml", old_names)
    values = files | from_environment | given
    values["state"] = state
    checked = {name: _check(name, value) for name, value in values.items()}
    if checked.get("media"):
        checked["media"] = Path(checked["media"]).absolute()
    return Settings(**checked, pinned=frozenset({*from_environment, *given}), old_names=tuple(old_names))


def masked(settings: Settings) -> dict[str, Any]:
    """Return all settings as plain values for display, with secrets as `***`."""
    shown: dict[str, Any] = {}
    for name, entry in _FIELDS.items():
        value = getattr(settings, name)
        if entry.metadata["secret"] and value:
            value = "***"
        elif name == "media_mode":
            value = f"0{value:o}"
        elif isinstance(value, Path):
            value = str(value)
        elif isinstance(value, tuple):
            value = list(value)
        shown[name] = value
    return shown


def describe() -> list[tuple[str, str, str]]:
    """Return (environment name, default, help) of every setting, for the reference in the docs."""
    rows = []
    for name, entry in _FIELDS.items():
        default = f"0{entry.default:o}" if name == "media_mode" else entry.default
        shown = "" if default in (None, ()) else str(default)
        rows.append((PREFIX + name.upper(), shown, entry.metadata["help"]))
    return rows


def _from_environment(environ: Mapping[str, str], old_names: list[OldName]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in environ.items():
        if not key.startswith(PREFIX):
            continue
        name, from_file = key.removeprefix(PREFIX).lower(), False
        if not _is_known(name) and name.endswith("_file"):
            name, from_file = name.removesuffix("_file"), True
        if not _is_known(name):
            raise errors.BadSetting(f"{key} is not a known setting. Run `mediafetcher settings` to list all settings.")
        try:
            text = Path(value).read_text().strip() if from_file else value
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not a text"
            raise errors.BadSetting(f"{key}: cannot read {value!r} ({reason}).") from error
        if name in NEW_NAMES:
            old_names.append(OldName(key, key.replace(name.upper(), NEW_NAMES[name].upper())))
        _put(values, name, text, key)
    return values


def _from_file(path: Path, old_names: list[OldName]) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            found = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise errors.BadSetting(f"Cannot read {path}: {error}.") from error
    values: dict[str, Any] = {}
    for written, value in found.items():
        name = written.lower()
        if not _is_known(name):
            raise errors.BadSetting(
                f"{path}: `{name}` is not a known setting. Run `mediafetcher settings` to list all settings."
            )
        if name in NEW_NAMES:
            old_names.append(OldName(written, NEW_NAMES[name], str(path)))
        _put(values, name, value, f"{path}: {written}")
    return values


def _is_known(name: str) -> bool:
    return name in _FIELDS or name in NEW_NAMES


def _put(values: dict[str, Any], name: str, value: Any, written: str) -> None:
    """Set a value under its present name. Raises: `BadSetting` if its old and its new name have different values."""
    new = NEW_NAMES.get(name, name)
    if new in values and _check(new, values[new]) != _check(new, value):
        raise errors.BadSetting(f"{written}: {new} has two values under its old and its new name. Keep {new} alone.")
    values[new] = value


def _default_state(environ: Mapping[str, str]) -> Path:
    system = Path("/var/lib/mediafetcher")
    if os.geteuid() == 0 or (system.is_dir() and system.stat().st_uid == os.geteuid()):
        return system
    base = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME", "/tmp")) / ".local/state"  # noqa: S108
    return Path(base) / "mediafetcher"


def _readable(state: Path) -> Path:
    """Check the state folder. An existing but unusable folder is an error, not a reason to use another one."""
    try:
        mode = state.stat().st_mode
    except FileNotFoundError:
        return state
    except OSError as error:
        raise errors.InvalidStateDir(f"Cannot read the state folder {state} ({error.strerror}).") from error
    if not stat.S_ISDIR(mode) or not os.access(state, os.R_OK | os.W_OK | os.X_OK):
        raise errors.InvalidStateDir(
            f"This user cannot read and write the state folder {state}. Run as its owner, or choose another "
            "with --state."
        )
    return state


def _check(name: str, value: Any) -> Any:
    entry = _FIELDS[name]
    try:
        converted = setting_values.convert(name, entry.type, value)
    except (ValueError, TypeError, OverflowError) as error:
        raise errors.BadSetting(f"{name}: {value!r} is not valid. Expected: {entry.metadata['help']}.") from error
    low, high = entry.metadata["low"], entry.metadata["high"]
    if isinstance(converted, int | float) and not isinstance(converted, bool):
        if low is not None and converted < low:
            raise errors.BadSetting(f"{name}: {value} is too small. The minimum is {_shown(name, low)}.")
        if converted > high:
            raise errors.BadSetting(f"{name}: {value} is too large. The maximum is {_shown(name, high)}.")
    if problem := setting_values.problem(name, converted):
        raise errors.BadSetting(f"{name}: {problem}")
    choices = _CHOICES.get(name)
    if choices and converted not in choices:
        raise errors.BadSetting(f"{name}: {value!r} is not one of {', '.join(choices)}.")
    return converted


def _shown(name: str, number: float) -> str:
    return f"0{int(number):o}" if name == "media_mode" else f"{number:.15g}"
