"""The entry in the application menu of a user, with its icon: `mediafetcher desktop install`.

Both are files below the user's own data folder. A file without our mark is not ours, and stays unchanged.
"""

import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import mediafetcher
from mediafetcher.core import bundle, errors, files

MARK = "X-MediaFetcher-Entry=true"
_NAME = "mediafetcher"
_ICON_SIZE = "512x512"
# Characters that Exec needs quotes for, and those that a backslash precedes inside of them.
_RESERVED = set(" \t\n\"'\\><~|&;$*?#()`")
_ESCAPED = set('"`$\\')


def install(arguments: Iterable[str], environ: Mapping[str, str]) -> list[Path]:
    """Write the entry and the icon. `arguments`: of every start from the menu. Returns: the written files.

    Raises: `UsageError` if a file of someone else is in the way, or nothing can be written.
    """
    entry, icon = _files(environ)
    _require_ours(entry)
    try:
        for path in (entry, icon):
            path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_icon(), icon)
        files.replace(entry, text([*_program(), *arguments]).encode(), mode=0o644)
    except OSError as error:
        raise errors.UsageError(f"Cannot write {error.filename} ({error.strerror}).") from error
    return [entry, icon]


def uninstall(environ: Mapping[str, str]) -> list[Path]:
    """Remove the entry and the icon. Returns: the removed files. Raises: `UsageError` for an entry of someone else."""
    entry, icon = _files(environ)
    _require_ours(entry)
    found = [path for path in (entry, icon) if path.exists()]
    for path in found:
        path.unlink(missing_ok=True)
    return found


def text(command: list[str]) -> str:
    """Return the entry that runs this command (Desktop Entry Specification)."""
    run = " ".join(_quoted(word) for word in command)
    stop = " ".join(_quoted(word) for word in [*command, "desktop", "stop"])
    return f"""[Desktop Entry]
Type=Application
Version=1.1
Name=MediaFetcher
Comment=Download media into your own library
Comment[fr]=Télécharger des médias dans sa propre médiathèque
Comment[de]=Medien in die eigene Mediathek laden
Exec={run}
TryExec={_escaped(command[0])}
Icon={_NAME}
Terminal=false
Categories=AudioVideo;Player;
Actions=stop;
{MARK}

[Desktop Action stop]
Name=Stop the server
Name[fr]=Arrêter le serveur
Name[de]=Server beenden
Exec={stop}
"""


def _program() -> list[str]:
    """Return the command that starts this program: the single file, or the Python of the checkout."""
    single = bundle.file()
    return [str(single)] if single is not None else [sys.executable, "-P", "-m", "mediafetcher"]


def _quoted(word: str) -> str:
    """Quote one argument of Exec: `%` is doubled, and the text is then escaped as every value is."""
    word = word.replace("%", "%%")
    if not word or _RESERVED & set(word):
        word = '"' + "".join(f"\\{letter}" if letter in _ESCAPED else letter for letter in word) + '"'
    return _escaped(word)


def _escaped(value: str) -> str:
    """Escape a value of a desktop entry."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def _files(environ: Mapping[str, str]) -> tuple[Path, Path]:
    """Return the paths of the entry and of the icon."""
    home = environ.get("XDG_DATA_HOME", "")
    data = Path(home) if home.startswith("/") else Path(environ.get("HOME") or "/") / ".local/share"
    icon = data / "icons/hicolor" / _ICON_SIZE / "apps" / f"{_NAME}.png"
    return data / "applications" / f"{_NAME}.desktop", icon


def _icon() -> Path:
    package = Path(mediafetcher.__file__).parent
    installed = package / "page" / "icon-512.png"
    return installed if installed.is_file() else package.parent / "web/public/icon-512.png"


def _require_ours(entry: Path) -> None:
    try:
        known = MARK in entry.read_text(errors="replace")
    except FileNotFoundError:
        return
    except OSError as error:
        raise errors.UsageError(f"Cannot read {entry} ({error.strerror}).") from error
    if not known:
        raise errors.UsageError(f"{entry} was not written by MediaFetcher. Move it elsewhere first.")
