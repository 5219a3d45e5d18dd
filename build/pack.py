"""Make the single file: `pack.py STAGE LAUNCHER OUT`. The same inputs give the same bytes.

OUT is LAUNCHER, filled up to a page; STAGE as a tar compressed by zstd; 64 bytes that say where (unpack.h).
Nothing in the tar depends on who builds and when: sorted names, no times, no owners, two kinds of rights.
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
WINDOW_LOG = 27  # the launcher gives the decoder no more memory than this


def entry(path: Path, name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    if path.is_symlink():
        info.type, info.linkname = tarfile.SYMTYPE, os.readlink(path)
    elif path.is_dir():
        info.type, info.mode = tarfile.DIRTYPE, 0o755
    else:
        info.size, info.mode = path.stat().st_size, 0o755 if path.stat().st_mode & 0o100 else 0o644
    return info


def tar(stage: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted(stage.rglob("*")):
            info = entry(path, str(path.relative_to(stage)))
            with path.open("rb") if info.isreg() else io.BytesIO() as file:
                archive.addfile(info, file)
    return buffer.getvalue()


def compress(plain: bytes) -> bytes:
    parameters = zstandard.ZstdCompressionParameters.from_level(
        LEVEL, window_log=WINDOW_LOG, enable_ldm=True, write_checksum=True, threads=2
    )
    return zstandard.ZstdCompressor(compression_params=parameters).compress(plain)


def main(stage: Path, launcher: Path, out: Path) -> None:
    head = launcher.read_bytes()
    head += bytes(-len(head) % PAGE)
    plain = tar(stage)
    packed = compress(plain)
    tail = struct.pack("<8sQQQ", b"MFPACK01", len(head), len(packed), len(plain)) + hashlib.sha256(packed).digest()
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(out.name + ".new")
    fresh.write_bytes(head + packed + tail)
    fresh.chmod(0o755)
    fresh.replace(out)  # a running one keeps its own file
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, {len(plain) / 1e6:.0f} MB unpacked, sha256 {digest}")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
