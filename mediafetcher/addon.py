"""The browser extension, as people install it: a folder for Chromium browsers, and a package for each kind.

It is built by `extension/build.ts`; the single file brings it along. The packages are the same bytes each time.
"""

import shutil
import zipfile
from pathlib import Path

import mediafetcher
from mediafetcher.base import errors

_EPOCH = (1980, 1, 1, 0, 0, 0)  # a zip knows no earlier time


def built() -> Path:
    """Where the built extension lies: in the package where it was installed with it, else in the checkout."""
    package = Path(mediafetcher.__file__).parent
    installed = package / "addon"
    return installed if installed.is_dir() else package.parent / "extension" / "dist"


def write(folder: Path) -> list[tuple[Path, str]]:
    """Write it all below `folder`, over what is there -> (path, what to do with it) of each. Raises `Usage`."""
    source = built()
    if not all((source / target / "manifest.json").is_file() for target in ("chrome", "firefox")):
        raise errors.Usage(
            f"The extension is not built: {source} lacks it. In a checkout use `scripts/run extension DIR`."
        )
    try:
        return _write(source, folder)
    except OSError as error:
        raise errors.Usage(f"{folder} cannot be written ({error.strerror}).") from error


def _write(source: Path, folder: Path) -> list[tuple[Path, str]]:
    unpacked = folder / "chromium"
    shutil.copytree(source / "chrome", unpacked, dirs_exist_ok=True)
    chromium = _zip(source / "chrome", folder / "mediafetcher-chromium.zip")
    firefox = _zip(source / "firefox", folder / "mediafetcher-firefox.xpi")
    return [
        (unpacked, "Chromium, Chrome, Edge: chrome://extensions, developer mode, Load unpacked"),
        (chromium, "the same as one file"),
        (firefox, "Firefox: about:debugging, Load Temporary Add-on; for good once it is signed"),
    ]


def _zip(source: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in source.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(source).as_posix(), _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return target
