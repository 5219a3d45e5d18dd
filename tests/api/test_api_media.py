"""Bytes in ranges: RFC 9110 by a matrix, headers that let nothing run, large files, clients that leave."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest
from shelf import ALL, add_file, add_item

from mediafetcher.api.static import media, open_files
from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.storage import blob_store

SIZE = len(ALL)


@pytest.fixture
async def film(alice: Any, tmp_path: Path) -> str:
    item = await add_item(alice.id, tmp_path, title='Ein Ä/\\film" 😀')
    return f"/media/{item}"


RANGES: dict[str, tuple[int, bytes, str | None]] = {
    "bytes=0-0": (206, ALL[:1], f"bytes 0-0/{SIZE}"),
    "bytes=0-": (206, ALL, f"bytes 0-{SIZE - 1}/{SIZE}"),
    "bytes=100-199": (206, ALL[100:200], f"bytes 100-199/{SIZE}"),
    "bytes = 100-199": (200, ALL, None),
    "bytes=10000-99999999": (206, ALL[10000:], f"bytes 10000-{SIZE - 1}/{SIZE}"),
    f"bytes={SIZE - 1}-": (206, ALL[-1:], f"bytes {SIZE - 1}-{SIZE - 1}/{SIZE}"),
    "bytes=-1": (206, ALL[-1:], f"bytes {SIZE - 1}-{SIZE - 1}/{SIZE}"),
    "bytes=-500": (206, ALL[-500:], f"bytes {SIZE - 500}-{SIZE - 1}/{SIZE}"),
    "bytes=-99999999": (206, ALL, f"bytes 0-{SIZE - 1}/{SIZE}"),
    f"bytes={SIZE}-": (416, b"", f"bytes */{SIZE}"),
    "bytes=99999999-": (416, b"", f"bytes */{SIZE}"),
    "bytes=-0": (416, b"", f"bytes */{SIZE}"),
    "bytes=5-2": (200, ALL, None),
    "bytes=-": (200, ALL, None),
    "bytes=a-b": (200, ALL, None),
    "bytes=0-0,2-3": (200, ALL, None),
    "chunks=0-1": (200, ALL, None),
    "bytes=99999999999999999999-": (200, ALL, None),
    "": (200, ALL, None),
}


@pytest.mark.parametrize("wanted", RANGES)
async def test_requested_ranges_are_sent(alice: Any, film: str, wanted: str) -> None:
    status, body, content_range = RANGES[wanted]
    answer = await alice.http.get(film, headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (status, body)
    assert answer.headers.get("content-range") == content_range
    assert answer.headers["content-length"] == str(len(body))
    assert answer.headers["accept-ranges"] == "bytes"


async def test_conditional_requests_are_answered(alice: Any, film: str) -> None:
    whole = await alice.http.get(film)
    etag, last = whole.headers["etag"], whole.headers["last-modified"]
    part = {"Range": "bytes=0-9"}
    cases = [
        ({"If-None-Match": etag}, 304),
        ({"If-None-Match": f'W/{etag}, "other"'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": last}, 200),
        ({"If-Modified-Since": last}, 304),
        ({"If-Modified-Since": "Thu, 01 Jan 1998 00:00:00 GMT"}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        (part | {"If-Range": etag}, 206),
        (part | {"If-Range": last}, 206),
        (part | {"If-Range": '"other"'}, 200),
        (part | {"If-Range": f"W/{etag}"}, 200),
        (part | {"If-Range": "Thu, 01 Jan 1998 00:00:00 GMT"}, 200),
        (part | {"If-None-Match": etag}, 304),
    ]
    for headers, status in cases:
        answer = await alice.http.get(film, headers=headers)
        assert answer.status_code == status, headers
        assert len(answer.content) == {200: SIZE, 206: 10, 304: 0}[status]


async def test_head_request_sends_no_body(alice: Any, film: str) -> None:
    for headers in ({}, {"Range": "bytes=0-9"}):
        answer = await alice.http.head(film, headers=headers)
        assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", str(SIZE))


async def test_media_headers_are_complete(web: Any, alice: Any, film: str) -> None:
    answer = await alice.http.get(film)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"].startswith("private")
    shown = answer.headers["content-disposition"]
    assert shown.startswith('inline; filename="')
    assert "filename*=UTF-8''Ein%20%C3%84__film_%20%F0%9F%98%80.mp4" in shown
    answer = await alice.http.get(film + "?download=1")
    assert answer.headers["content-disposition"].startswith("attachment; ")


@pytest.mark.parametrize("kind", ["image/svg+xml", "text/html", "application/javascript", "video/mp4; x=<y>"])
async def test_active_content_is_sent_as_an_attachment(alice: Any, film: str, kind: str) -> None:
    await engine.execute("update media_file set kind = $1", kind)
    answer = await alice.http.get(film)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; ")


async def test_side_files_are_sent(alice: Any, tmp_path: Path) -> None:
    item = await add_item(alice.id, tmp_path)
    assert (await alice.http.get(f"/media/{item}/poster")).status_code == 404
    assert (await alice.http.get(f"/media/{item}/subtitles/en")).status_code == 404
    await engine.execute("update media_file set poster = true, subtitles = '{en}'")
    stored = (await alice.http.get(f"/api/items/{item}")).json()["media"]["sha256"]
    film = blob_store.path_of(bytes.fromhex(stored), ".mp4")
    film.with_name(f"{stored}.poster.jpg").write_bytes(b"a picture")
    film.with_name(f"{stored}.en.vtt").write_bytes(b"WEBVTT")
    answer = await alice.http.get(f"/media/{item}/poster")
    assert (answer.content, answer.headers["content-type"]) == (b"a picture", "image/jpeg")
    answer = await alice.http.get(f"/media/{item}/subtitles/en")
    assert (answer.content, answer.headers["content-type"]) == (b"WEBVTT", "text/vtt")
    for lang in ("fr", "en.vtt", "%2e%2e", "en%2f..%2fx"):
        assert (await alice.http.get(f"/media/{item}/subtitles/{lang}")).status_code == 404, lang


async def test_session_cookie_opens_media(signed_in: Any, alice: Any, film: str) -> None:
    answer = await signed_in.get(film, headers={"Range": "bytes=0-3"})
    assert answer.content == ALL[:4]


async def test_a_missing_file_says_so(alice: Any, film: str) -> None:
    stored = await engine.fetchval("select sha256 from media_file")
    blob_store.path_of(stored, ".mp4").unlink()
    answer = await alice.http.get(film)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_the_last_byte_of_two_gigabytes(alice: Any, tmp_path: Path) -> None:
    size = 2 << 30
    item = await add_item(alice.id, tmp_path)
    stored = await engine.fetchval("select sha256 from media_file")
    film = blob_store.path_of(stored, ".mp4")
    film.chmod(0o644)
    with film.open("r+b") as file:  # a hole: it takes no space
        file.truncate(size)
        file.seek(size - 1)
        file.write(b"!")
    await alice.http.get(f"/media/{item}", headers={"Range": "bytes=0-0"})
    took = []
    for _ in range(5):
        start = time.perf_counter()
        answer = await alice.http.get(f"/media/{item}", headers={"Range": "bytes=-1"})
        took.append(time.perf_counter() - start)
        assert (answer.status_code, answer.content) == (206, b"!")
        assert answer.headers["content-range"] == f"bytes {size - 1}-{size - 1}/{size}"
    assert min(took) < 0.05


async def test_a_client_that_leaves_in_the_middle(web: Any, alice: Any, tmp_path: Path) -> None:
    """The rest of the file is not read, and all others are served."""
    source = tmp_path / "large"
    with source.open("wb") as file:
        file.truncate(256 << 20)
    item = await add_file(alice.id, source)
    for _ in range(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(
            f"GET /media/{item} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {alice.token}\r\n\r\n".encode()
        )
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        await reader.readexactly(1000)
        writer.transport.abort()
    answer = await alice.http.get(f"/media/{item}", headers={"Range": "bytes=0-9"})
    assert answer.content == bytes(10)


async def test_irregular_file_in_the_store_is_not_sent(alice: Any, tmp_path: Path) -> None:
    """A user who can write to the share puts a link, a FIFO or a folder in the place of a stored file."""
    secret = tmp_path / "key"
    secret.write_bytes(b"secret" * 400_000)  # more than a piece that is read at once
    item = await add_item(alice.id, tmp_path)
    sha256 = await engine.fetchval("select sha256 from media_file")
    path = blob_store.path_of(sha256, "mp4")
    beside = path.parent.with_name("beside")
    for plant in (
        lambda: path.symlink_to(secret),
        lambda: path.symlink_to("../../../key"),
        lambda: os.mkfifo(path),
        lambda: path.mkdir(),
        lambda: (path.parent.rename(beside), path.parent.symlink_to(tmp_path), (tmp_path / path.name).write_bytes(ALL)),
    ):
        path.unlink()
        plant()
        for asked in ({}, {"Range": "bytes=0-9"}):
            async with asyncio.timeout(10):
                answer = await alice.http.get(f"/media/{item}", headers=asked)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
            assert b"secret" not in answer.content
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
            path.touch()
    path.parent.unlink()
    beside.rename(path.parent)
    path.write_bytes(ALL)
    assert (await alice.http.get(f"/media/{item}")).content == ALL


async def test_file_that_is_exchanged_after_the_check_is_sent_as_it_was(
    alice: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server opens large files itself, after they were checked."""
    secret = tmp_path / "key"
    secret.write_bytes(b"secret" * 700_000)
    item = await add_item(alice.id, tmp_path)
    large = b"film" * 1_000_000
    path = blob_store.path_of(await engine.fetchval("select sha256 from media_file"), "mp4")
    path.write_bytes(large)
    checked = media._open

    async def exchanged(*given: Any) -> Any:
        found = await checked(*given)
        path.unlink()
        path.symlink_to(secret)
        return found

    monkeypatch.setattr(media, "_open", exchanged)
    answer = await alice.http.get(f"/media/{item}", headers={"Range": "bytes=0-3999999"})
    assert answer.content[:40] == large[:40]
    assert answer.content == large


async def test_open_files_are_bounded_and_never_closed(tmp_path: Path) -> None:
    """A number that was closed could be another file before the server opens it."""
    open_files.release(-1)
    paths = [tmp_path / f"{number}" for number in range(open_files._MOST + 1)]
    kept = []
    for path in paths[:-1]:
        path.write_bytes(path.name.encode())
        with path.open("rb") as file:
            kept.append(open_files.keep(file.fileno()))
            assert open_files.keep(file.fileno()) == kept[-1]  # one for each file
    assert [Path(one).read_bytes() for one in kept] == [path.name.encode() for path in paths[:-1]]
    paths[-1].write_bytes(b"one more")
    with paths[-1].open("rb") as file:
        with pytest.raises(errors.TooManyRequests):
            open_files.keep(file.fileno())
        assert not open_files.release(-1)
        assert {os.readlink(one) for one in kept} == {os.devnull}
        assert open_files.keep(file.fileno()) in kept
    open_files.release(-1)
