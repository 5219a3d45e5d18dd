"""The browser extension, as people install it: a folder for Chromium browsers, and a package for each kind.

It is built by `extension/build.ts`; the single file brings it along. The packages are the same bytes each time.
"""

import functools
import io
import shutil
import zipfile
from pathlib import Path

import mediafetcher
from mediafetcher.core import errors

_EPOCH = (1980, 1, 1, 0, 0, 0)  # a zip knows no earlier time

# browser -> folder of its build, name of its package
KINDS = {"chromium": ("chrome", "mediafetcher-chromium.zip"), "firefox": ("firefox", "mediafetcher-firefox.xpi")}


def built() -> Path:
    """Where the built extension lies: in the package where it was installed with it, else in the checkout."""
    package = Path(mediafetcher.__file__).parent
    installed = package / "addon"
    return installed if installed.is_dir() else package.parent / "extension" / "dist"


def write(folder: Path) -> list[tuple[Path, str]]:
    """Write it all below `folder`, over what is there -> (path, what to do with it) of each. Raises `Usage`."""
    packages = {browser: package(browser) for browser in KINDS}
    try:
        return _write(packages, folder)
    except OSError as error:
        raise errors.Usage(f"{folder} cannot be written ({error.strerror}).") from error


def package(browser: str) -> bytes:
    """The package for one kind of browser, a zip. Raises `Usage` where it is not built."""
    source = built() / KINDS[browser][0]
    manifest = source / "manifest.json"
    if not manifest.is_file():
        raise errors.Usage(
            f"The extension is not built: {source} lacks it. In a checkout use `scripts/run extension DIR`."
        )
    return _zip(source, manifest.stat().st_mtime_ns)


def _write(packages: dict[str, bytes], folder: Path) -> list[tuple[Path, str]]:
    unpacked = folder / "chromium"
    shutil.copytree(built() / KINDS["chromium"][0], unpacked, dirs_exist_ok=True)
    chromium, firefox = (folder / KINDS[browser][1] for browser in ("chromium", "firefox"))
    chromium.write_bytes(packages["chromium"])
    firefox.write_bytes(packages["firefox"])
    return [
        (unpacked, "Chromium, Chrome, Edge: chrome://extensions, developer mode, Load unpacked"),
        (chromium, "the same as one file"),
        (firefox, "Firefox: about:debugging, Load Temporary Add-on; for good once it is signed"),
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
