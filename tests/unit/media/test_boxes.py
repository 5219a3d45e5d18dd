"""The walk through boxes: right on real files, harmless on hostile ones."""

import random
import struct
import time

import pytest

from mediafetcher.media import containers


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ok.mp4", {"mp4": True, "brand": "isom", "faststart": True, "fragmented": False, "truncated": False}),
        ("moov_end.mp4", {"faststart": False, "truncated": False}),
        ("frag.mp4", {"fragmented": True}),
        ("h264_aac.mov", {"brand": "qt  "}),
        ("h264_l62.mp4", {"level": 62}),
        ("trunc.mp4", {"truncated": True}),
        ("trunc_nomoov.mp4", {"truncated": True}),
        ("h264_aac.mkv", {"mp4": False, "truncated": False}),
        ("trunc.mkv", {"mp4": False, "truncated": True}),
        ("vp9_opus.webm", {"mp4": False, "truncated": False}),
        ("empty.mp4", {"mp4": False, "truncated": False}),
        ("html.mp4", {"mp4": False}),
    ],
)
def test_box_layouts_are_read(media_corpus, name, expected):
    layout = containers.scan(media_corpus / name)
    assert {field: getattr(layout, field) for field in expected} == expected


def test_hostile_sizes_end_the_walk(tmp_path):
    head = struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0)
    cases = {
        "zero": head + struct.pack(">I4s", 0, b"moov"),
        "tiny": head + struct.pack(">I4s", 4, b"moov") + b"x" * 100,
        "huge": head + struct.pack(">I4sQ", 1, b"mdat", 1 << 63),
        "backwards": head + struct.pack(">I4sQ", 1, b"free", 3),
        "deep": head + b"".join(struct.pack(">I4s", 8 * (50 - level), b"moov") for level in range(50)),
        "short": head + b"\0\0",
    }
    for name, data in cases.items():
        path = tmp_path / name
        path.write_bytes(data)
        assert containers.scan(path).truncated == (name not in ("zero", "deep")), name


def test_millions_of_boxes_take_no_time(tmp_path):
    path = tmp_path / "many"
    path.write_bytes(struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0) + struct.pack(">I4s", 8, b"free") * 2_000_000)
    began = time.monotonic()
    assert containers.scan(path).truncated
    assert time.monotonic() - began < 5


def test_random_damage_raises_nothing(media_corpus, tmp_path):
    chance = random.Random(7)
    for name in ("ok.mp4", "h264_aac.mkv"):
        whole = (media_corpus / name).read_bytes()
        for _ in range(200):
            data = bytearray(whole[: chance.randrange(1, 6000)])
            for _ in range(20):
                data[chance.randrange(len(data))] = chance.randrange(256)
            path = tmp_path / "damaged"
            path.write_bytes(data)
            containers.scan(path)
