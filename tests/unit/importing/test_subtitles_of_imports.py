"""Subtitles and chapters of imported files: those inside a file, and text files next to the file."""

import shutil
from pathlib import Path

import pytest

from mediafetcher.importing import importer
from mediafetcher.library.catalog import queries
from mediafetcher.library.storage import blob_store
from tests.factories import add_user
from tests.site import media

SRT = "1\n00:00:01,000 --> 00:00:02,000\n{}\n"
ASS = (
    "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\nStyle: Default,Arial,20\n\n"
    "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{}\n"
)
VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\n{}\n"


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online):
    pass


@pytest.fixture
async def owner(database) -> int:
    return await add_user("ada", admin=True)


@pytest.fixture
def films(tmp_path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    return folder


@pytest.fixture
def film(films, media_corpus):
    """`film("A/x.mp4")`: a file at that place, with bytes of its own. Returns: its path."""

    def make(place: str) -> Path:
        target = films / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(media_corpus / "ok.mp4", target)
        with target.open("ab") as file:  # a box that players skip
            name = place.encode()
            file.write((8 + len(name)).to_bytes(4, "big") + b"free" + name)
        return target

    return make


async def _run(owner: int, *paths: Path, **more) -> dict[str, importer.Outcome]:
    return {one.path.name: one async for one in importer.adopt(owner, list(paths), **more)}


async def _texts(owner: int) -> dict[str, dict[str, str]]:
    """Return the subtitles of each item as WebVTT, by title and language."""
    page = await queries.page(owner, folder="", deep=True, limit=100)
    return {
        item["title"]: {
            name: blob_store.path_of(bytes.fromhex(item["media"]["sha256"]), f"{name}.vtt").read_text()
            for name in item["subtitles"]
        }
        for item in page["items"]
    }


async def test_texts_beside_a_film_become_its_subtitles(owner, films, film):
    film("Film.mp4")
    film("Film 2.mp4")
    film("Film.Extras.mp4")
    given = {
        "Film.srt": SRT.format("plain").encode(),
        "Film.EN.SRT": SRT.format("English").encode(),
        "Film.en.forced.srt": SRT.format("signs").encode(),
        "Film.eng.sdh.srt": SRT.format("for the deaf").encode(),
        "Film.pt-BR.vtt": VTT.format("Brasil").encode(),
        "Film.French.ass": ASS.format("français").encode(),
        "Film.ru.srt": SRT.format("Привет, мир").encode("cp1251"),
        "Film.ja.srt": SRT.format("こんにちは").encode("utf-16"),
        "Film 2.de.ssa": ASS.format("zwei").encode(),
        "Film.Extras.en.srt": SRT.format("extras").encode(),
        "Subs/Film 2.es.srt": SRT.format("dos").encode(),
        "Nobody.en.srt": SRT.format("nobody").encode(),
    }
    for name, data in given.items():
        (films / name).parent.mkdir(exist_ok=True)
        (films / name).write_bytes(data)
    done = await _run(owner, films)
    got = await _texts(owner)
    assert {name: set(texts) for name, texts in got.items()} == {
        "Film": {"und", "en", "en-forced", "eng-sdh", "pt-BR", "fr", "ru", "ja"},
        "Film 2": {"de", "es"},
        "Film.Extras": {"en"},
    }
    said = {name: text.split("\n")[-2] or text.split("\n")[-3] for name, text in got["Film"].items()}
    assert said == {
        "und": "plain", "en": "English", "en-forced": "signs", "eng-sdh": "for the deaf", "pt-BR": "Brasil",
        "fr": "français", "ru": "Привет, мир", "ja": "こんにちは",
    }  # fmt: skip
    assert "extras" in got["Film.Extras"]["en"]
    assert done["Film.en.forced.srt"].why == "subtitles of Film.mp4"
    assert done["Nobody.en.srt"].why == "subtitles without a film of their name"
    assert all((films / name).read_bytes() == data for name, data in given.items())


async def test_text_tracks_and_chapters_of_a_film_are_kept(owner, films):
    (films / "en.srt").write_text(SRT.format("English"))
    (films / "fr.ass").write_text(ASS.format("français"))
    (films / "c.txt").write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=2\ntitle=One\n[CHAPTER]\nTIMEBASE=1/1\nSTART=2\nEND=4\ntitle=Two\n"
    )
    media.run(
        films,
        "-f lavfi -i testsrc2=s=64x48:r=5:d=4 -i en.srt -i fr.ass -i c.txt -map 0 -map 1 -map 1 -map 2"
        " -map_chapters 3 -c:v libx264 -preset ultrafast -c:s:0 srt -c:s:1 srt -c:s:2 ass"
        " -metadata:s:s:0 language=eng -metadata:s:s:1 language=eng -disposition:s:1 forced"
        " -metadata:s:s:2 language=fre inside.mkv",
    )
    for name in ("en.srt", "fr.ass", "c.txt"):
        (films / name).unlink()
    await _run(owner, films)
    assert set((await _texts(owner))["inside"]) == {"eng", "eng-forced", "fre"}
    id = (await queries.page(owner, folder="", deep=True, limit=1))["items"][0]["id"]
    assert [chapter["title"] for chapter in (await queries.get(id, owner))["chapters"]] == ["One", "Two"]


async def test_text_that_comes_later_is_added_by_the_next_import(owner, films, film):
    film("Film.mp4")
    await _run(owner, films)
    assert await _texts(owner) == {"Film": {}}
    (films / "Film.en.srt").write_text(SRT.format("late"))
    done = await _run(owner, films)
    assert done["Film.mp4"].result == "known"
    assert set((await _texts(owner))["Film"]) == {"en"}


async def test_unusable_texts_are_named_and_the_film_is_imported(owner, films, film):
    film("Film.mp4")
    (films / "Film.en.srt").write_bytes(b"\0\1\2 no text at all")
    (films / "Film.fr.srt").symlink_to("/etc/passwd")
    done = await _run(owner, films)
    assert done["Film.mp4"].result == "added" and await _texts(owner) == {"Film": {}}
    assert done["Film.mp4"].left_out == ("subtitles Film.en.srt",)


async def test_equal_films_keep_the_texts_of_both(owner, films, film):
    first = film("A/Film.mp4")
    (films / "B").mkdir()
    shutil.copyfile(first, films / "B" / "Film.mp4")
    (films / "A" / "Film.en.srt").write_text(SRT.format("English"))
    (films / "B" / "Film.fr.srt").write_text(SRT.format("français"))
    await _run(owner, films)
    assert set((await _texts(owner))["Film"]) == {"en", "fr"}


async def test_moved_film_leaves_its_texts_in_place(owner, films, film):
    moved = film("Film.mp4")
    (films / "Film.en.srt").write_text(SRT.format("English"))
    await _run(owner, films, move=True)
    assert set((await _texts(owner))["Film"]) == {"en"}
    assert not moved.exists() and (films / "Film.en.srt").exists()
