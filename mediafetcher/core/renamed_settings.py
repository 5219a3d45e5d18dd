"""Settings that have a new name. The old names work until version 1.0, in files and in the environment.

Each use is reported once in the log, by `doctor` and by `mediafetcher settings`. A flag or an API request with an old
name is refused with the new one, and so are two names of one setting with different values.
"""

from typing import NamedTuple

NEW_NAMES = {
    "jobs": "max_downloads",
    "jobs_per_site": "max_downloads_per_site",
    "transcodes": "max_conversions",
    "live_max": "max_live_seconds",
    "look_seconds": "mount_check_seconds",
    "hang_seconds": "mount_timeout_seconds",
    "beat_seconds": "heartbeat_seconds",
    "stop_seconds": "shutdown_seconds",
    "max_tries": "max_attempts",
}
# `--live-max` is also an option of `get`, so it is not an old flag.
_NEVER_FLAGS = {"live_max"}


class OldName(NamedTuple):
    """One use of an old name. `written`: as written, e.g. `MEDIAFETCHER_JOBS`; `place`: a file, or empty."""

    written: str
    new: str
    place: str = ""

    @property
    def warning(self) -> str:
        """Return one sentence with the old and the new name."""
        where = f" in {self.place}" if self.place else ""
        return f"{self.written}{where} is an old name: write {self.new} instead. It works until version 1.0."


def hint(text: str) -> str:
    """Return the new name of the old flag or field that a message quotes, as a sentence; empty if it quotes none."""
    for old, new in NEW_NAMES.items():
        flag = f"--{old.replace('_', '-')}"
        if f"`{old}`" in text:
            return f"`{old}` is now `{new}`."
        if old not in _NEVER_FLAGS and any(word == flag or word.startswith(f"{flag}=") for word in text.split()):
            return f"{flag} is now the setting {new}: MEDIAFETCHER_{new.upper()}, or {new} in config.toml."
    return ""
