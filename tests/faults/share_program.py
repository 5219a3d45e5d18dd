"""A share that can be made to fail: a folder passed through by FUSE, spoken in its raw protocol.

    share_program.py FOLDER MOUNTPOINT

Says `mounted`. Then each line on standard input changes how it is, and is answered by `ok`:

    well            as it should be; requests that waited are answered now
    fail NUMBER     every request is answered by this errno
    hang            no request is answered; who is killed meanwhile gets away, as from a hard NFS mount
    quota BYTES     so many bytes may be written; then EDQUOT
    end             unmounted, at once

The protocol is that of the kernel's include/uapi/linux/fuse.h, in its version 7.31.
"""

import ctypes
import errno
import os
import select
import struct
import sys
from collections.abc import Callable
from pathlib import Path

_HEAD = struct.Struct("<IIQQIIII")  # length, opcode, unique, node, uid, gid, pid, padding
_ANSWER = struct.Struct("<IiQ")
_ATTR = struct.Struct("<6Q10I")
_BIG = 1 << 17
_NOT_KNOWN = {errno.ENOSYS}
_FORGETS = (2, 42)
_INTERRUPT, _DESTROY = 36, 38

libc = ctypes.CDLL(None, use_errno=True)


class Share:
    """One mounted folder. Nodes are numbers for paths; a file that was removed while open lives on by its handle."""

    def __init__(self, folder: Path, point: Path) -> None:
        self.folder, self.point = folder, point
        self.paths: dict[int, str] = {1: ""}
        self.nodes: dict[str, int] = {"": 1}
        self.next = 2
        self.error = 0
        self.hanging: bool = False
        self.left = 1 << 60
        self.waiting: dict[int, bytes] = {}
        self.device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self.device},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
        if libc.mount(b"faulty", os.fsencode(point), b"fuse.faulty", 6, options.encode()):
            raise OSError(ctypes.get_errno(), "mount")

    # ---- the loop --------------------------------------------------------------------------------------

    def serve(self) -> None:
        print("mounted", flush=True)
        while True:
            ready, _, _ = select.select([self.device, 0], [], [])
            if 0 in ready:
                line = b""
                while not line.endswith(b"\n"):
                    piece = os.read(0, 1)
                    if not piece:
                        return self.unmount()
                    line += piece
                self.become(*line.decode().split())
                print("ok", flush=True)
            if self.device in ready:
                try:
                    self.take(os.read(self.device, _BIG + 4096))
                except OSError as error:
                    if error.errno == errno.ENODEV:  # unmounted, and no longer in use
                        return
                    if error.errno not in (errno.EINTR, errno.EAGAIN, errno.ENOENT):
                        raise

    def become(self, how: str, number: str = "0") -> None:
        self.error = int(number) if how == "fail" else 0
        self.hanging = how == "hang"
        self.left = int(number) if how == "quota" else 1 << 60
        if how == "end":
            self.unmount()
        if not self.hanging:
            waiting, self.waiting = self.waiting, {}
            for request in waiting.values():
                self.take(request)

    def unmount(self) -> None:
        libc.umount2(os.fsencode(self.point), 2)  # MNT_DETACH

    def take(self, request: bytes) -> None:
        _, opcode, unique, node, *_ = _HEAD.unpack_from(request)
        body = request[_HEAD.size :]
        if opcode in _FORGETS or opcode == _DESTROY:
            return
        if opcode == _INTERRUPT:
            (which,) = struct.unpack_from("<Q", body)
            if self.waiting.pop(which, None):
                self.answer(which, errno.EINTR)
            return
        if self.hanging and opcode != 26:
            self.waiting[unique] = request
            return
        if self.error and opcode not in (26, 18, 29):
            self.answer(unique, self.error)
            return
        handle = self.table.get(opcode)
        if handle is None:
            self.answer(unique, errno.ENOSYS)
            return
        try:
            self.answer(unique, 0, handle(self, node, body))
        except OSError as error:
            self.answer(unique, error.errno or errno.EIO)

    def answer(self, unique: int, error: int, body: bytes = b"") -> None:
        try:
            os.write(self.device, _ANSWER.pack(_ANSWER.size + len(body), -error, unique) + body)
        except OSError as gone:
            if gone.errno not in (errno.ENOENT, errno.ENODEV, errno.EINVAL):
                raise

    # ---- nodes and facts -------------------------------------------------------------------------------

    def path(self, node: int, name: bytes | None = None) -> str:
        inner = self.paths.get(node)
        if inner is None:
            raise OSError(errno.ESTALE, "no such node")
        if name is not None:
            inner = f"{inner}/{os.fsdecode(name)}"
        return inner

    def real(self, inner: str) -> str:
        return str(self.folder) + inner

    def attributes(self, status: os.stat_result) -> bytes:
        times = [status.st_atime_ns, status.st_mtime_ns, status.st_ctime_ns]
        seconds, rests = [time // 10**9 for time in times], [time % 10**9 for time in times]
        return _ATTR.pack(
            *(status.st_ino, status.st_size, status.st_blocks, *seconds, *rests),
            *(status.st_mode, status.st_nlink, status.st_uid, status.st_gid, 0, 4096, 0),
        )

    def entry(self, inner: str) -> bytes:
        status = os.lstat(self.real(inner))
        node = self.nodes.get(inner)
        if node is None:
            node, self.next = self.next, self.next + 1
            self.nodes[inner], self.paths[node] = node, inner
        return struct.pack("<4Q2I", node, 1, 0, 0, 0, 0) + self.attributes(status)

    def facts(self, node: int) -> bytes:
        return struct.pack("<QII", 0, 0, 0) + self.attributes(os.lstat(self.real(self.path(node))))

    def forget(self, inner: str) -> None:
        node = self.nodes.pop(inner, None)
        if node is not None:
            del self.paths[node]

    def moved(self, old: str, new: str) -> None:
        self.forget(new)
        for inner in [inner for inner in self.nodes if inner == old or inner.startswith(old + "/")]:
            node = self.nodes.pop(inner)
            fresh = new + inner[len(old) :]
            self.nodes[fresh], self.paths[node] = node, fresh

    # ---- requests --------------------------------------------------------------------------------------

    def init(self, node: int, body: bytes) -> bytes:
        return struct.pack("<IIIIHHIIHHIIIIIIII", 7, 31, 1 << 17, 1 << 5, 64, 48, _BIG, 1, 0, 0, *([0] * 8))

    def lookup(self, node: int, body: bytes) -> bytes:
        return self.entry(self.path(node, _name(body)))

    def getattr(self, node: int, body: bytes) -> bytes:
        return self.facts(node)

    def setattr(self, node: int, body: bytes) -> bytes:
        valid, _, _, size, _, at, mt, _, atn, mtn, _, mode, _, uid, gid, _ = struct.unpack_from("<IIQQQQQQ8I", body)
        path = self.real(self.path(node))
        if valid & 1:
            os.chmod(path, mode & 0o7777)
        if valid & 6:
            os.chown(path, uid if valid & 2 else -1, gid if valid & 4 else -1)
        if valid & 8:
            os.truncate(path, size)
        if valid & 0x30:
            os.utime(path, ns=(at * 10**9 + atn, mt * 10**9 + mtn))
        return self.facts(node)

    def make_folder(self, node: int, body: bytes) -> bytes:
        mode, mask = struct.unpack_from("<II", body)
        inner = self.path(node, _name(body[8:]))
        os.mkdir(self.real(inner), mode & ~mask)
        return self.entry(inner)

    def unlink(self, node: int, body: bytes) -> bytes:
        inner = self.path(node, _name(body))
        os.unlink(self.real(inner))
        self.forget(inner)
        return b""

    def remove_folder(self, node: int, body: bytes) -> bytes:
        inner = self.path(node, _name(body))
        os.rmdir(self.real(inner))
        self.forget(inner)
        return b""

    def rename(self, node: int, body: bytes, skip: int = 8) -> bytes:
        (target,) = struct.unpack_from("<Q", body)
        old, new = body[skip:].split(b"\0")[:2]
        before, after = self.path(node, old), self.path(target, new)
        os.rename(self.real(before), self.real(after))
        self.moved(before, after)
        return b""

    def rename2(self, node: int, body: bytes) -> bytes:
        return self.rename(node, body, 16)

    def link(self, node: int, body: bytes) -> bytes:
        (old,) = struct.unpack_from("<Q", body)
        inner = self.path(node, _name(body[8:]))
        os.link(self.real(self.path(old)), self.real(inner))
        return self.entry(inner)

    def open(self, node: int, body: bytes) -> bytes:
        (flags,) = struct.unpack_from("<I", body)
        # Readable in any case: the kernel fills its pages.
        wanted = os.O_RDWR if flags & os.O_ACCMODE else os.O_RDONLY
        return struct.pack("<QII", os.open(self.real(self.path(node)), wanted | flags & os.O_TRUNC), 0, 0)

    def create(self, node: int, body: bytes) -> bytes:
        flags, mode, mask, _ = struct.unpack_from("<4I", body)
        inner = self.path(node, _name(body[16:]))
        file = os.open(self.real(inner), os.O_RDWR | os.O_CREAT | flags & (os.O_EXCL | os.O_TRUNC), 0o600)
        os.fchmod(file, mode & ~mask & 0o7777)
        return self.entry(inner) + struct.pack("<QII", file, 0, 0)

    def read(self, node: int, body: bytes) -> bytes:
        file, offset, size = struct.unpack_from("<QQI", body)
        return os.pread(file, size, offset)

    def write(self, node: int, body: bytes) -> bytes:
        file, offset, size = struct.unpack_from("<QQI", body)
        if size > self.left:
            raise OSError(errno.EDQUOT, "quota")
        self.left -= size
        return struct.pack("<II", os.pwrite(file, body[40 : 40 + size], offset), 0)

    def release(self, node: int, body: bytes) -> bytes:
        os.close(struct.unpack_from("<Q", body)[0])
        return b""

    def sync(self, node: int, body: bytes) -> bytes:
        os.fsync(struct.unpack_from("<Q", body)[0])
        return b""

    def room(self, node: int, body: bytes) -> bytes:
        told = os.statvfs(self.folder)
        return struct.pack(
            "<5Q10I",
            *(told.f_blocks, told.f_bfree, told.f_bavail, told.f_files, told.f_ffree),
            *(told.f_bsize, told.f_namemax, told.f_frsize, *([0] * 7)),
        )

    def open_folder(self, node: int, body: bytes) -> bytes:
        return struct.pack("<QII", os.open(self.real(self.path(node)), os.O_RDONLY | os.O_DIRECTORY), 0, 0)

    def list(self, node: int, body: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        found, lines = sorted(os.listdir(self.real(self.path(node)))), b""
        for number, name in enumerate(found[offset:], offset + 1):
            encoded = os.fsencode(name)
            line = struct.pack("<QQII", number + 1, number, len(encoded), 0) + encoded
            line += b"\0" * (-len(line) % 8)
            if len(lines) + len(line) > size:
                break
            lines += line
        return lines

    def flush(self, node: int, body: bytes) -> bytes:
        return b""

    # fmt: off
    table: dict[int, Callable[["Share", int, bytes], bytes]] = {
        1: lookup, 3: getattr, 4: setattr, 9: make_folder, 10: unlink, 11: remove_folder, 12: rename, 13: link,
        14: open, 15: read, 16: write, 17: room, 18: release, 20: sync, 25: flush, 26: init, 27: open_folder,
        28: list, 29: release, 30: sync, 35: create, 45: rename2,
    }
    # fmt: on


def _name(body: bytes) -> bytes:
    return body.split(b"\0", 1)[0]


if __name__ == "__main__":
    Share(Path(sys.argv[1]), Path(sys.argv[2])).serve()
