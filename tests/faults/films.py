"""A site of many small films: each has other bytes at its end, so no two have the same hash."""

import hashlib
import random
import subprocess
from pathlib import Path

from mediafetcher.media import ffmpeg
from tests.site import Site
from tests.site.behaviours import free_box

_BIG = 250 << 20  # bytes; long enough in the store to be met there

_BROKEN = 1 << 20  # what is added to a film whose connection breaks


class Films:
    """`films(24, slow=True)` gives the links of 24 films; the others are for one purpose each."""

    def __init__(self, site: Site, source: Path) -> None:
        self.site = site
        self._source = source

    def __call__(self, count: int, *, slow: bool = False, first: int = 0) -> list[str]:
        """Links to films of their own, numbered from `first`; a slow one takes about a second."""
        rate = max(20, self._source.stat().st_size // 1000)
        return [
            self.site.url(f"/slow/{rate}/{path}" if slow else f"/media/{path}") for path in self._make(count, first)
        ]

    def _make(self, count: int, first: int = 0) -> list[str]:
        names = [f"film-{number}.mp4" for number in range(first, first + count)]
        for name in names:
            (self.site.root / name).write_bytes(self._source.read_bytes() + free_box(name))
        return names

    def slow_in(self, stage: str) -> str:
        """A link that stays in this stage for some seconds (for ever in `extract`)."""
        match stage:
            case "extract":
                return self.site.url("/hang/3600/film.mp4")
            case "download":
                (name,) = self._make(1)
                return self.site.url(f"/slow/40/{name}")
            case "convert":
                return self.site.url(f"/media/{self._long()}")
            case _:
                return self.site.url(f"/media/{self._big()}")

    def _long(self) -> str:
        """Some seconds of a codec that is quick to write and must be encoded again."""
        path = self.site.root / "long.mkv"
        picture = ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30:duration=15"]
        arguments = [ffmpeg.path(), "-v", "error", *picture, "-c:v", "mpeg4", "-q:v", "5", str(path)]
        subprocess.run(arguments, check=True, stdin=subprocess.DEVNULL)
        return path.name

    def _big(self) -> str:
        path = self.site.root / "big.mp4"
        with path.open("wb") as file:
            file.write(self._source.read_bytes())
            file.write((_BIG + 8).to_bytes(4, "big") + b"free")
            file.truncate(file.tell() + _BIG)
        return path.name

    def broken(self, way: str, argument: str | int, number: int) -> tuple[str, str]:
        """A link whose connection breaks, and the SHA-256 of what must come of it.

        A number is how much of the file one connection gives, in percent.
        """
        (name,) = self._make(1, number)
        data = (self.site.root / name).read_bytes() + free_box("." * _BROKEN)
        (self.site.root / name).write_bytes(data)
        if isinstance(argument, int):
            argument = f"{len(data) * argument // 100}/"
        if way == "changing":  # a resumed download meets the second version
            data += free_box("second version")
        return self.site.url(f"/{way}/{argument}{name}"), hashlib.sha256(data).hexdigest()

    def fuzzed(self, chance: random.Random, number: int) -> str:
        """A film in which some bytes are others: in its head, or anywhere."""
        data = bytearray(self._source.read_bytes())
        reach = chance.choice((64, 2000, len(data)))
        for _ in range(chance.choice((1, 20, 400))):
            data[chance.randrange(reach)] = chance.randrange(256)
        name = f"fuzzed-{number}.mp4"
        (self.site.root / name).write_bytes(data)
        return self.site.url(f"/media/{name}")

    def url(self, path: str) -> str:
        return self.site.url(path)

    def same_name(self) -> list[str]:
        """Two links that end in the same name, with other bytes behind them."""
        return [self.site.url(f"/same-name/{variant}/film.mp4") for variant in "ab"]

    def same_bytes(self) -> tuple[str, str]:
        """Two links with the same bytes behind them."""
        (name,) = self._make(1)
        return self.site.url(f"/media/{name}"), self.site.url(f"/noname/{name}")

    def size(self) -> int:
        """Bytes of an ordinary film."""
        return self._source.stat().st_size

    def requests(self) -> int:
        return len(self.site.log)
