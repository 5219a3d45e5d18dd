"""/api/extension: the browser extension's packages, for download from the page."""

import hashlib
from typing import Literal

import msgspec
from litestar import Response
from litestar.openapi import ResponseSpec
from litestar.params import FromPath

from mediafetcher.core import errors
from mediafetcher.ops import extension_package

Browser = Literal["chromium", "firefox"]

DOCUMENTED = {
    200: ResponseSpec(bytes, description="The package", generate_examples=False, media_type="application/zip")
}


class Package(msgspec.Struct):
    """A zip file: its name, size in bytes, and SHA-256 as hex."""

    name: str
    size: int
    sha256: str


class Packages(msgspec.Struct):
    chromium: Package
    firefox: Package


def _package(browser: str) -> bytes:
    try:
        return extension_package.package(browser)
    except errors.UsageError as problem:
        raise errors.NotFound("The extension is not included in this installation.") from problem


async def packages() -> Packages:
    """List the available packages."""
    found = {}
    for browser, (_, name) in extension_package.KINDS.items():
        raw = _package(browser)
        found[browser] = Package(name, len(raw), hashlib.sha256(raw).hexdigest())
    return Packages(**found)


async def package(browser: FromPath[Browser]) -> Response[bytes]:
    """Get one package. It is a zip, whatever its extension."""
    headers = {"content-disposition": f'attachment; filename="{extension_package.KINDS[browser][1]}"'}
    return Response(_package(browser), media_type="application/zip", headers=headers)
