"""Every setting of the program: name, type, default, help, in one table.

Order: TOML file (`/etc/mediafetcher/config.toml`, or `config.toml` in the state folder) < `MEDIAFETCHER_*`
in the environment < flags. A value may also come from the file named by `MEDIAFETCHER_..._FILE`. A name that is
not known, or a value that does not fit, stops the start with one line.
"""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from mediafetcher.core import errors

PREFIX = "MEDIAFETCHER_"
SYSTEM_FILE = Path("/etc/mediafetcher/config.toml")
_SIZE = re.compile(r"^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$", re.IGNORECASE)
_POWER = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
GIB = 1 << 30
_CHOICES = {
    "log_level": ("debug", "info", "warning", "error"),
    "log_format": ("text", "json"),
    "encoder": ("auto", "software"),
    "recovery": ("on", "off"),
    "ytdlp_update": ("off", "offer", "auto"),
}


def _setting(default: Any, help: str, *, secret: bool = False, low: float | None = None) -> Any:
    return field(default=default, metadata={"help": help, "secret": secret, "low": low})


@dataclass(frozen=True)
class Settings:
    """The effective settings of this process."""

    state: Path = _setting(None, "folder for the database, the key file, work in progress and logs")
    media: Path | None = _setting(None, "media folder; at the very first start /mnt/media where it is a mount")
    database_url: str | None = _setting(None, "your own PostgreSQL instead of the embedded one", secret=True)
    host: str = _setting("127.0.0.1", "address to listen on; 0.0.0.0 for all")
    port: int = _setting(8787, "port to listen on", low=0)
    public_url: str | None = _setting(None, "how people reach the page, e.g. https://media.example.org")
    trusted_proxies: tuple[str, ...] = _setting((), "addresses whose X-Forwarded-* headers are believed")
    proxy_user_header: str | None = _setting(
        None, "header in which a trusted proxy names who has signed in there, e.g. Remote-User"
    )
    proxy_secret: str | None = _setting(
        None, "what a trusted proxy sends as X-MediaFetcher-Proxy-Secret, 16 characters or more", secret=True
    )
    allow_hosts: tuple[str, ...] = _setting((), "private name[:port] that downloads may reach all the same")
    jobs: int = _setting(3, "downloads at once", low=1)
    jobs_per_site: int = _setting(2, "downloads at once from one site", low=1)
    transcodes: int = _setting(1, "conversions at once", low=1)
    ffmpeg_threads: int = _setting(max(1, (os.cpu_count() or 2) // 2), "threads of one conversion", low=1)
    rate_limit: int | None = _setting(None, "bytes per second that all downloads take together (or 2M)", low=1024)
    proxy: str | None = _setting(None, "http://, https:// or socks5://host:port for all downloads", secret=True)
    proxy_resolves_names: bool = _setting(False, "that proxy is given names, and may lead to what its network holds")
    live_max: float = _setting(14_400.0, "seconds of a live stream that are recorded at the most", low=1)
    sponsorblock_url: str = _setting("https://sponsor.ajay.app", "where marks of parts are asked for, if wished")
    max_height: int = _setting(1080, "picture height to prefer, in lines", low=144)
    max_file_size: int = _setting(64 * GIB, "largest file a download may write (bytes, or 64G)", low=1)
    min_free: int = _setting(256 << 20, "room to keep free on the media folder (bytes, or 256M)", low=0)
    look_seconds: float = _setting(3.0, "how often the media folder is looked at", low=0.05)
    hang_seconds: float = _setting(8.0, "how long the media folder may not answer before it counts as away", low=0.1)
    housekeeping_seconds: float = _setting(60.0, "how often trash and files without holders are looked at", low=0.1)
    trash_days: float = _setting(30.0, "days in the trash before an entry goes for good; 0 deletes at once", low=0)
    grace_hours: float = _setting(24.0, "hours before the file of a last, deleted entry is removed", low=0)
    scrub_days: float = _setting(30.0, "days within which every stored file is read again; 0 reads none", low=0)
    recovery: str = _setting(
        "on", "on: nightly backups and a journal in the media folder, which `rebuild` needs; off: neither"
    )
    backup_hours: float = _setting(24.0, "hours between two backups in the media folder", low=0.001)
    media_mode: int = _setting(0o444, "rights of stored files, octal")
    log_level: str = _setting("info", "debug, info, warning or error")
    log_format: str = _setting("text", "text or json")
    lease_seconds: float = _setting(60.0, "how long a machine may be silent before its download goes on elsewhere")
    beat_seconds: float = _setting(10.0, "how often a running download says that it is alive", low=0.05)
    reconcile_seconds: float = _setting(5.0, "how often the queue looks for work that nobody rang for", low=0.05)
    stop_seconds: float = _setting(10.0, "how long a program may take to end before it is killed", low=0.1)
    stall_seconds: float = _setting(60.0, "how long a download may receive nothing", low=1)
    retry_seconds: float = _setting(15.0, "wait before the first retry; it doubles each time", low=0.01)
    max_tries: int = _setting(8, "tries of a download whose errors may pass", low=1)
    encoder: str = _setting("auto", "auto: the hardware where it really encodes; software: libx264 always")
    ytdlp_index: str = _setting("https://pypi.org/simple", "package index that a newer yt-dlp comes from")
    ytdlp_update: str = _setting(
        "offer",
        "what happens when a site changed: offer (a newer yt-dlp is tried, and offered if it helps),"
        " auto (it is then used, and renewed once a day), off",
    )

    # Names that the environment or a flag decided: not to be changed while it runs.
    pinned: frozenset[str] = field(default=frozenset(), metadata={"inner": True})

    @property
    def work(self) -> Path:
        """Where downloads in progress lie; each has a folder of its own."""
        return self.state / "work"

    @property
    def fetch(self) -> Path:
        """Where the children that fetch write; each has a folder of its own, and the server writes nothing there."""
        return self.state / "fetch"

    @property
    def logs(self) -> Path:
        return self.state / "logs"


_FIELDS = {entry.name: entry for entry in fields(Settings) if "inner" not in entry.metadata}


class SomeSettings(msgspec.Struct, forbid_unknown_fields=True):
    """What may be changed while it runs; null goes back to the default. `rate_limit` bytes/s of all downloads."""

    max_height: int | msgspec.UnsetType | None = msgspec.UNSET
    jobs: Annotated[int, msgspec.Meta(ge=1, le=64)] | msgspec.UnsetType | None = msgspec.UNSET
    jobs_per_site: int | msgspec.UnsetType | None = msgspec.UNSET
    transcodes: Annotated[int, msgspec.Meta(ge=1, le=64)] | msgspec.UnsetType | None = msgspec.UNSET
    ffmpeg_threads: Annotated[int, msgspec.Meta(ge=1, le=256)] | msgspec.UnsetType | None = msgspec.UNSET
    trash_days: float | msgspec.UnsetType | None = msgspec.UNSET
    grace_hours: float | msgspec.UnsetType | None = msgspec.UNSET
    rate_limit: int | msgspec.UnsetType | None = msgspec.UNSET
    proxy: str | msgspec.UnsetType | None = msgspec.UNSET


CHANGEABLE = SomeSettings.__struct_fields__  # the database keeps them: db/runtime_settings.py
SECRETS = tuple(name for name, entry in _FIELDS.items() if entry.metadata["secret"])
_current: Settings | None = None
_start: Settings | None = None  # as this process started, before what the database says


def get() -> Settings:
    """The settings of this process. They are installed once, at the start, by `use`."""
    if _current is None:
        raise RuntimeError("settings.use() was not called")
    return _current


def use(settings: Settings) -> Settings:
    global _current, _start
    _current = _start = settings
    return settings


def overlay(values: Mapping[str, Any]) -> None:
    """Put what people changed over the settings of the start, but not over what environment and flags say."""
    global _current
    assert _start is not None
    kept = {name: value for name, value in values.items() if name in CHANGEABLE and name not in _start.pinned}
    _current = replace(_start, **{name: _check(name, value) for name, value in kept.items()})


def check(name: str, value: Any) -> None:
    """Raises `BadSetting` where `value` does not fit; None is the default."""
    if value is not None:
        _check(name, value)


def load(flags: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """File < environment < flags -> Settings. Raises `BadSetting` or `StateFolder`, naming what is wrong."""
    environ = os.environ if environ is None else environ
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    from_environment = _from_environment(environ)
    state = Path(given.get("state") or from_environment.get("state") or _default_state(environ)).absolute()
    values = _from_file(SYSTEM_FILE) | _from_file(_readable(state) / "config.toml") | from_environment | given
    values["state"] = state
    checked = {name: _check(name, value) for name, value in values.items()}
    if checked.get("media"):
        checked["media"] = Path(checked["media"]).absolute()
    return Settings(**checked, pinned=frozenset({*from_environment, *given}))


def masked(settings: Settings) -> dict[str, Any]:
    """All settings as plain values for showing; secrets as `***`."""
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
    """(environment name, default, help) of every setting: the reference in the docs is made of it."""
    rows = []
    for name, entry in _FIELDS.items():
        default = f"0{entry.default:o}" if name == "media_mode" else entry.default
        shown = "" if default in (None, ()) else str(default)
        rows.append((PREFIX + name.upper(), shown, entry.metadata["help"]))
    return rows


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in environ.items():
        if not key.startswith(PREFIX):
            continue
        name, from_file = key.removeprefix(PREFIX).lower(), False
        if name not in _FIELDS and name.endswith("_file"):
            name, from_file = name.removesuffix("_file"), True
        if name not in _FIELDS:
            raise errors.BadSetting(f"{key} is not a setting: `mediafetcher settings` lists them all.")
        try:
            values[name] = Path(value).read_text().strip() if from_file else value
        except OSError as error:
            raise errors.BadSetting(f"{key}: {value} cannot be read ({error.strerror}).") from error
    return values


def _from_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise errors.BadSetting(f"{path} cannot be read: {error}.") from error
    values = {name.lower(): value for name, value in values.items()}
    for name in values.keys() - _FIELDS.keys():
        raise errors.BadSetting(f"{path}: `{name}` is not a setting: `mediafetcher settings` lists them all.")
    return values


def _default_state(environ: Mapping[str, str]) -> Path:
    system = Path("/var/lib/mediafetcher")
    if os.geteuid() == 0 or (system.is_dir() and system.stat().st_uid == os.geteuid()):
        return system
    base = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME", "/tmp")) / ".local/state"  # noqa: S108
    return Path(base) / "mediafetcher"


def _readable(state: Path) -> Path:
    """The state folder; one that is there and cannot be used is an error, not a reason to take another."""
    try:
        mode = state.stat().st_mode
    except FileNotFoundError:
        return state
    except OSError as error:
        raise errors.StateFolder(f"The state folder {state} cannot be read ({error.strerror}).") from error
    if not stat.S_ISDIR(mode) or not os.access(state, os.R_OK | os.W_OK | os.X_OK):
        raise errors.StateFolder(
            f"The state folder {state} cannot be read and written by this user: "
            "run as its owner, or name another with --state."
        )
    return state


def _check(name: str, value: Any) -> Any:
    entry = _FIELDS[name]
    try:
        converted = _convert(name, entry.type, value)
    except (ValueError, TypeError) as error:
        raise errors.BadSetting(f"{name}: {value!r} does not fit: {entry.metadata['help']}.") from error
    low = entry.metadata["low"]
    if low is not None and converted is not None and converted < low:
        raise errors.BadSetting(f"{name}: {value} is too small, the least is {low:g}.")
    if name == "proxy" and converted is not None and not _is_proxy(converted):
        raise errors.BadSetting("proxy: it is http://host:port, https://host:port or socks5://host:port.")
    choices = _CHOICES.get(name)
    if choices and converted not in choices:
        raise errors.BadSetting(f"{name}: {value!r} is not one of {', '.join(choices)}.")
    return converted


def _is_proxy(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https", "socks5") and bool(parts.hostname) and parts.port is not None
    except ValueError:
        return False


def _convert(name: str, kind: Any, value: Any) -> Any:
    if name == "media_mode":
        return value if isinstance(value, int) else int(value, 8)
    if name in ("max_file_size", "min_free", "rate_limit") and isinstance(value, str):
        match = _SIZE.match(value.strip())
        if not match:
            raise ValueError(value)
        return int(float(match[1]) * 1024 ** _POWER[match[2].lower()])
    if kind is int or kind == int | None:
        return int(value)
    if kind is float:
        return float(value)
    if kind == tuple[str, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(part.strip() for part in parts if part.strip())
    if kind == Path | None or kind is Path:
        return Path(value)
    return str(value)
