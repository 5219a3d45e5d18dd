"""Recognise a file by its own bytes, before FFmpeg is run. Runs in a parsing worker: see sandbox/parsing.py."""

from dataclasses import dataclass

from mediafetcher.media import containers

_HEAD = 1024  # bytes
_WEB_PAGE = (b"<!doctype html", b"<html", b"<head", b"<?xml", b"<body")
_OTHER = (
    (b"\xff\xd8\xff", "a picture"),
    (b"\x89PNG\r\n\x1a\n", "a picture"),
    (b"%PDF-", "a document"),
    (b"PK\x03\x04", "an archive"),
    (b"Rar!\x1a\x07", "an archive"),
    (b"7z\xbc\xaf\x27\x1c", "an archive"),
    (b"\x1f\x8b\x08", "an archive"),
    (b"\x7fELF", "a program"),
)
_TEXT = bytes([9, 10, 13, *range(32, 127), *range(128, 256)])  # in UTF-8 and older encodings
_TEXT_MEDIA = (b"YUV4MPEG2", b"GIF8")  # begin almost like text


@dataclass(frozen=True)
class Look:
    """`problem`: why the file is certainly no media, so that FFmpeg is not needed; "" if it may be."""

    size: int
    layout: containers.Layout
    problem: str


def look_all(*descriptors: int) -> list[Look]:
    """Examine open files: their first bytes and the headers of their containers."""
    return [look(descriptor) for descriptor in descriptors]


def look(descriptor: int) -> Look:
    """Examine one open file."""
    with open(descriptor, "rb", closefd=False) as file:
        head = file.read(_HEAD)
        layout = containers.scan_file(file)
        return Look(file.seek(0, 2), layout, _no_media(head))


def _no_media(head: bytes) -> str:
    """Return why a file with these first bytes is certainly no media; "" if it may be."""
    if not head:
        return "the file is empty"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "it is a picture"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_WEB_PAGE):
        return "it is a web page"
    for start, name in _OTHER:
        if head.startswith(start):
            return f"it is {name}"
    return "it is text" if not head.startswith(_TEXT_MEDIA) and not head.translate(None, _TEXT) else ""
