"""The browser extension for installation: a folder for Chromium browsers, and a package for each kind.

It is built by `extension/build.ts`, and the single file contains it. The packages are reproducible.
"""

import functools
import io
import shutil
import zipfile
from pathlib import Path

import mediafetcher
from mediafetcher.core import errors

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time of a zip file

# for each browser: the folder of its build, and the name of its package
KINDS = {"chromium": ("chrome", "mediafetcher-chromium.zip"), "firefox": ("firefox", "mediafetcher-firefox.xpi")}


def built() -> Path:
    """Return the folder of the built extension: in the package if installed with it, else in the checkout."""
    package = Path(mediafetcher.__file__).parent
    installed = package / "addon"
    return installed if installed.is_dir() else package.parent / "extension" / "dist"


def write(folder: Path) -> list[tuple[Path, str]]:
    """Write all packages below `folder`, over existing files. Returns: (path, instruction). Raises: `UsageError`."""
    packages = {browser: package(browser) for browser in KINDS}
    try:
        return _write(packages, folder)
    except OSError as error:
        raise errors.UsageError(f"Cannot write to {folder} ({error.strerror}).") from error


def package(browser: str) -> bytes:
    """Return the package for one kind of browser, a zip. Raises: `UsageError` if it is not built."""
    source = built() / KINDS[browser][0]
    manifest = source / "manifest.json"
    if not manifest.is_file():
        raise errors.UsageError(
            f"The extension is not built ({source} is missing it). In a checkout, run `scripts/run extension DIR`."
        )
    return _zip(source, manifest.stat().st_mtime_ns)


def _write(packages: dict[str, bytes], folder: Path) -> list[tuple[Path, str]]:
    unpacked = folder / "chromium"
    shutil.copytree(built() / KINDS["chromium"][0], unpacked, dirs_exist_ok=True)
    chromium, firefox = (folder / KINDS[browser][1] for browser in ("chromium", "firefox"))
    chromium.write_bytes(packages["chromium"])
    firefox.write_bytes(packages["firefox"])
    return [
        (unpacked, "Chromium, Chrome, Edge: open chrome://extensions, turn on Developer mode, choose Load unpacked"),
        (chromium, "the same, as a single file"),
        (
            firefox,
            "Firefox: open about:debugging, choose Load Temporary Add-on (Firefox removes it at a restart "
            "unless the add-on is signed)",
        ),
    ]


@functools.lru_cache(4)
def _zip(source: Path, _built_at: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in source.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(source).as_posix(), _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return target.getvalue()
