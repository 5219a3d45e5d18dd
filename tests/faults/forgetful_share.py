"""A share that forgets at a power cut what was not synced: what a disk may do, at its worst.

    forgetful_share.py FOLDER MOUNTPOINT

Besides what share_program.py understands, each line answered by `ok`:

    cut NUMBER          after so many changes from now on nothing is answered any more; then it says `cut`
    changes             says how many changes there were since the last `cut`, before the `ok`
    lay SEED FOLDER     what is left on the disk, written into that empty folder

A file's bytes are sure once the file was synced, a folder's names once that folder was: neither brings the other. Of
what is not sure any part may have come to the disk: the names of each folder up to some moment of its own, of a file's
writes some, all, none, or zeros of their length.
"""

import os
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path

from share_program import _HEAD, Share, _name

_CHANGES = {4, 9, 10, 11, 12, 13, 16, 20, 30, 35, 45}
_SIZE = 8  # of setattr: the bit that says there is a size


@dataclass(eq=False)
class Node:
    """A file or folder: `data` and `names` are on the disk for sure, the rest is on its way."""

    data: bytes = b""
    writes: list[tuple[int, bytes | None]] = field(default_factory=list)  # (where, what); None: cut or grown to there
    names: dict[str, "Node"] | None = None  # of a folder
    moves: list[tuple[str, "Node | None"]] = field(default_factory=list)

    def sync(self) -> None:
        self.data, self.writes = _written(self.data, self.writes), []
        if self.names is not None:
            self.names, self.moves = _moved(self.names, self.moves), []


def _written(data: bytes, writes: list[tuple[int, bytes | None]]) -> bytes:
    kept = bytearray(data)
    for where, what in writes:
        if what is None:
            del kept[where:]
            kept.extend(bytes(where - len(kept)))
        else:
            kept.extend(bytes(max(0, where - len(kept))))
            kept[where : where + len(what)] = what
    return bytes(kept)


def _moved(names: dict[str, Node], moves: list[tuple[str, Node | None]]) -> dict[str, Node]:
    kept = dict(names)
    for name, node in moves:
        if node is None:
            kept.pop(name, None)
        else:
            kept[name] = node
    return kept


class Forgetful(Share):
    """Keeps a book of what is sure beside the folder itself, which always has everything."""

    def __init__(self, folder: Path, point: Path) -> None:
        super().__init__(folder, point)
        self.book: dict[int, Node] = {}
        self.limit, self.count = 1 << 60, 0
        self.root = self._read(folder)

    def _read(self, path: Path) -> Node:
        """Files that exist at the start count as synced."""
        if path.is_dir():
            node = Node(names={inner.name: self._read(inner) for inner in path.iterdir()})
        else:
            node = Node(path.read_bytes())
        self.book[path.stat().st_ino] = node
        return node

    def become(self, how: str, *words: str) -> None:
        match how:
            case "cut":
                self.limit, self.count = int(words[0]), 0
            case "changes":
                print(self.count, flush=True)
            case "lay":
                self._lay(self.root, Path(words[1]), random.Random(words[0]), {})
            case _:
                super().become(how, *words)

    def take(self, request: bytes) -> None:
        _, opcode, *_ = _HEAD.unpack_from(request)
        if opcode in _CHANGES and not self.hanging:
            if self.count == self.limit:
                self.hanging = True
                print("cut", flush=True)
            else:
                self.count += 1
        super().take(request)

    def _lay(self, node: Node, path: Path, chance: random.Random, made: dict[Node, Path]) -> None:
        if node.names is not None:
            path.mkdir(exist_ok=True)
            sure = chance.choice((0, len(node.moves), chance.randint(0, len(node.moves))))
            for name, inner in _moved(node.names, node.moves[:sure]).items():
                self._lay(inner, path / name, chance, made)
        elif node in made:
            os.link(made[node], path)
        else:
            path.write_bytes(_written(node.data, list(_some(node.writes, chance))))
            made[node] = path

    # ---- the changes -----------------------------------------------------------------------------------

    def at(self, node: int, name: str = "") -> Node:
        return self.book[os.lstat(f"{self.real(self.path(node))}/{name}".rstrip("/")).st_ino]

    def enter(self, node: int, name: str, *, new: Node | None = None) -> None:
        """A name came into a folder."""
        if new is not None:
            self.book[os.lstat(f"{self.real(self.path(node))}/{name}").st_ino] = new
        self.at(node).moves.append((name, self.at(node, name)))

    def create(self, node: int, body: bytes) -> bytes:
        answer = super().create(node, body)
        self.enter(node, os.fsdecode(_name(body[16:])), new=Node())
        return answer

    def make_folder(self, node: int, body: bytes) -> bytes:
        answer = super().make_folder(node, body)
        self.enter(node, os.fsdecode(_name(body[8:])), new=Node(names={}))
        return answer

    def unlink(self, node: int, body: bytes) -> bytes:
        super().unlink(node, body)
        self.at(node).moves.append((os.fsdecode(_name(body)), None))
        return b""

    def remove_folder(self, node: int, body: bytes) -> bytes:
        super().remove_folder(node, body)
        self.at(node).moves.append((os.fsdecode(_name(body)), None))
        return b""

    def rename(self, node: int, body: bytes, skip: int = 8) -> bytes:
        target = int.from_bytes(body[:8], "little")
        old, new = (os.fsdecode(name) for name in body[skip:].split(b"\0")[:2])
        super().rename(node, body, skip)
        self.enter(target, new)
        self.at(node).moves.append((old, None))
        return b""

    def rename2(self, node: int, body: bytes) -> bytes:
        return self.rename(node, body, 16)

    def link(self, node: int, body: bytes) -> bytes:
        answer = super().link(node, body)
        self.enter(node, os.fsdecode(_name(body[8:])))
        return answer

    def setattr(self, node: int, body: bytes) -> bytes:
        if int.from_bytes(body[:4], "little") & _SIZE:
            self.at(node).writes.append((int.from_bytes(body[16:24], "little"), None))
        return super().setattr(node, body)

    def write(self, node: int, body: bytes) -> bytes:
        file, offset, size = (int.from_bytes(body[a:b], "little") for a, b in ((0, 8), (8, 16), (16, 20)))
        answer = super().write(node, body)
        self.book[os.fstat(file).st_ino].writes.append((offset, body[40 : 40 + size]))
        return answer

    def sync(self, node: int, body: bytes) -> bytes:
        answer = super().sync(node, body)
        self.book[os.fstat(int.from_bytes(body[:8], "little")).st_ino].sync()
        return answer

    # fmt: off
    table = Share.table | {
        4: setattr, 9: make_folder, 10: unlink, 11: remove_folder, 12: rename, 13: link, 16: write, 20: sync,
        30: sync, 35: create, 45: rename2,
    }
    # fmt: on


def _some(writes: list[tuple[int, bytes | None]], chance: random.Random) -> list[tuple[int, bytes | None]]:
    match chance.choice(("none", "all", "some", "zeros")):
        case "none":
            return []
        case "some":
            return [write for write in writes if chance.random() < 0.5]
        case "zeros":
            return [(where, what if what is None else bytes(len(what))) for where, what in writes]
    return writes


if __name__ == "__main__":
    Forgetful(Path(sys.argv[1]), Path(sys.argv[2])).serve()
