"""Never half of one version and half of another: every way in which a site answers a request for the rest."""

from types import SimpleNamespace

import pytest

from mediafetcher.fetch import resume

URL = "http://site.test/film.mp4?token=1"


class Asked:
    """A request as yt-dlp's: an address and headers."""

    def __init__(self, start: int | None = None, url: str = URL, end: str = "") -> None:
        self.url = url
        self.headers = {} if start is None else {"Range": f"bytes={start}-{end}"}


class Server:
    """Answers with what it is told, and keeps the headers it saw."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.seen: list[dict] = []

    def __call__(self, request):
        self.seen.append(dict(request.headers))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def answered(status=200, etag: str | None = '"v1"', start: int | None = None, **headers):
    given = {"Content-Type": "video/mp4"} | headers
    if etag:
        given["ETag"] = etag
    if start is not None:
        given["Content-Range"] = f"bytes {start}-99/100"
    return SimpleNamespace(status=status, url=URL, headers=given, close=lambda: None)


@pytest.fixture
def begun(tmp_path):
    """The versions after a first look at the file."""
    resume.Versions(tmp_path).open(Asked(), Server(answered()))
    return resume.Versions(tmp_path)  # as another attempt finds it


def test_the_rest_of_the_same_version(begun):
    server = Server(answered(206, start=50))
    assert begun.open(Asked(50), server).status == 206
    assert server.seen == [{"Range": "bytes=50-", "If-Range": '"v1"'}]


def test_another_token_is_the_same_file(begun):
    server = Server(answered(206, start=50))
    begun.open(Asked(50, URL.replace("token=1", "token=2")), server)
    assert server.seen[0]["If-Range"] == '"v1"'


@pytest.mark.parametrize(
    "answer",
    [answered(206, '"v2"', start=50), answered(206, start=40), answered(206), answered(206, None, start=None)],
)
def test_file_that_cannot_be_appended_is_requested_whole(begun, answer):
    server = Server(answer, answered(200, '"v2"'))
    assert begun.open(Asked(50), server).status == 200
    assert server.seen[1] == {}


def test_nothing_behind_that_position(begun):
    class Refused(Exception):
        status = 416

    server = Server(Refused(), answered(200))
    assert begun.open(Asked(50), server).status == 200
    assert "Range" not in server.seen[1]


def test_other_errors_are_not_ours(begun):
    with pytest.raises(ConnectionError):
        begun.open(Asked(50), Server(ConnectionError()))


@pytest.mark.parametrize("first", [answered(etag=None), answered(etag='W/"weak"')])
def test_without_a_mark_of_the_version_it_begins_again(tmp_path, first):
    versions = resume.Versions(tmp_path)
    versions.open(Asked(), Server(first))
    server = Server(answered())
    versions.open(Asked(50), server)
    assert server.seen == [{}]


def test_a_date_is_a_mark_too(tmp_path):
    versions = resume.Versions(tmp_path)
    date = "Tue, 14 Nov 2023 22:13:20 GMT"
    versions.open(Asked(), Server(answered(etag=None, **{"Last-Modified": date})))
    server = Server(answered(206, None, start=50, **{"Last-Modified": date}))
    assert versions.open(Asked(50), server).status == 206
    assert server.seen[0]["If-Range"] == date


def test_pieces_named_by_their_bytes_are_left_alone(tmp_path):
    server = Server(answered(206, start=50))
    resume.Versions(tmp_path).open(Asked(50, end="99"), server)
    assert server.seen == [{"Range": "bytes=50-99"}]


def test_a_broken_memory_is_no_memory(tmp_path):
    for text in ("", "[1]", "{", "null"):
        (tmp_path / resume.MARKS).write_text(text)
        server = Server(answered())
        resume.Versions(tmp_path).open(Asked(50), server)
        assert server.seen == [{}]


def test_state_of_pieces_is_kept_only_after_an_orderly_end(tmp_path):
    def leave() -> None:
        for name in ("media.mp4.ytdl", "media.mp4.part", "media.mp4.part-Frag3", "media.webm.part"):
            (tmp_path / name).touch()

    leave()
    resume.prepare(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["media.webm.part"]
    leave()
    resume.ended_in_order(tmp_path)
    resume.prepare(tmp_path)
    assert len(list(tmp_path.iterdir())) == 4  # and the mark of the orderly end is used up
