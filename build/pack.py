"""Make the single file: `pack.py STAGE LAUNCHER OUT`. The same inputs give the same bytes.

OUT is LAUNCHER, filled up to a page; STAGE as some tars of about one size, each compressed by zstd; 96 bytes that say
where they are (unpack.h).
Nothing in the tars depends on who builds and when: sorted names, no times, no owners, two kinds of rights.
"""

import hashlib
import io
import os
import struct
import sys
import tarfile
from pathlib import Path

import zstandard

PAGE = 4096
# Level 19 makes the file a tenth smaller and takes half an hour of work instead of half a minute.
LEVEL = 9
WINDOW_LOG = 23  # the memory limit of the launcher's decoder; 27 would save 0.2 % of the size
PARTS = 3


def entry(path: Path, name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    if path.is_symlink():
        info.type, info.linkname = tarfile.SYMTYPE, os.readlink(path)
    elif path.is_dir():
        info.type, info.mode = tarfile.DIRTYPE, 0o755
    else:
        info.size, info.mode = path.stat().st_size, 0o755 if path.stat().st_mode & 0o100 else 0o644
    return info


def shared_out(stage: Path) -> list[list[Path]]:
    """Split the folder into as many parts: the largest file first, each to the smallest part."""
    parts: list[list[Path]] = [[] for _ in range(PARTS)]
    sizes = [0] * PARTS
    for path in sorted(stage.rglob("*"), key=lambda path: (-path.lstat().st_size, path)):
        if path.is_dir() and not path.is_symlink():
            continue
        least = sizes.index(min(sizes))
        parts[least].append(path)
        sizes[least] += path.lstat().st_size
    return parts


def tar(stage: Path, files: list[Path]) -> bytes:
    """The files with the folders they lie in: parts are unpacked side by side, and none waits for another."""
    folders = {folder for path in files for folder in path.relative_to(stage).parents if folder.name}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted({*files, *(stage / folder for folder in folders)}):
            info = entry(path, str(path.relative_to(stage)))
            with path.open("rb") if info.isreg() else io.BytesIO() as file:
                archive.addfile(info, file)
    return buffer.getvalue()


def compress(plain: bytes) -> bytes:
    parameters = zstandard.ZstdCompressionParameters.from_level(
        LEVEL, window_log=WINDOW_LOG, write_checksum=True, threads=2
    )
    return zstandard.ZstdCompressor(compression_params=parameters).compress(plain)


def main(stage: Path, launcher: Path, out: Path) -> None:
    head = launcher.read_bytes()
    head += bytes(-len(head) % PAGE)
    plain = [tar(stage, files) for files in shared_out(stage)]
    parts = [compress(part) for part in plain]
    packed = b"".join(parts)
    sizes = (size for pair in zip(map(len, parts), map(len, plain), strict=True) for size in pair)
    tail = struct.pack(f"<8sQ{2 * PARTS}Q", b"MFPACK02", len(head), *sizes) + hashlib.sha256(packed).digest()
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(out.name + ".new")
    fresh.write_bytes(head + packed + tail)
    fresh.chmod(0o755)
    fresh.replace(out)  # a running one keeps its own file
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, {sum(map(len, plain)) / 1e6:.0f} MB unpacked, sha256 {digest}")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
