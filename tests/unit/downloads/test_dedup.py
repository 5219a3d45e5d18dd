"""Values that a list gives a plain file are known to the user of that list alone, also if others have the file."""

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mediafetcher.core import errors
from mediafetcher.db.tables import Download
from mediafetcher.downloads import dedup, leases, lifecycle, queries, refresh
from mediafetcher.downloads.worker import runner
from mediafetcher.fetch.options import Options, Playlist
from mediafetcher.library.catalog import queries as item_queries
from tests.factories import add_user

pytestmark = pytest.mark.usefixtures("without_pauses")

_FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>My show</title><item><title>{1}</title>
<description>{2}</description><enclosure url="{0}/media.mp3" type="audio/mpeg" length="1"/></item></channel></rss>"""


@pytest.fixture
def base(media_corpus, tmp_path) -> Iterator[str]:
    """A site with one sound, and with two lists that name it."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None: ...

    (tmp_path / "media.mp3").write_bytes((media_corpus / "a.mp3").read_bytes() + b"\0\0\0\0")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(tmp_path)))
    base = f"http://127.0.0.1:{server.server_address[1]}"
    for name, title in (("ada", "Ada's episode"), ("ben", "Ben's episode")):
        Path(tmp_path, f"{name}.xml").write_text(_FEED.format(base, title, f"{title}, told at length."))
    thread = threading.Thread(target=server.serve_forever)
    with contextlib.closing(server.socket):
        thread.start()
        try:
            yield base
        finally:
            server.shutdown()
            thread.join()


async def _fetched(owner: int, url: str, options: Options | None = None) -> dict[str, Any]:
    """Fetch all that a link names. Returns: the item."""
    await lifecycle.submit(owner, url, options=options)
    while claim := await leases.claim():
        await runner.run(claim)
    rows = [row for row in (await queries.page(owner))[0] if row["item"]]
    return await item_queries.get(rows[0]["item"], owner)


async def _deduplicated(owner: int) -> bool:
    """Tell whether the user's item came without a download."""
    row = (
        await Download.select(Download.deduplicated).where(Download.owner == owner, Download.item.is_not_null()).first()
    )
    return bool(row and row["deduplicated"])


async def test_words_of_a_list_stay_with_the_user_of_that_list(base):
    ada, ben = await add_user("ada"), await add_user("ben")
    first = await _fetched(ada, f"{base}/ada.xml", Options(playlist=Playlist()))
    assert (first["title"], first["description"]) == ("Ada's episode", "Ada's episode, told at length.")
    second = await _fetched(ben, f"{base}/media.mp3")
    assert await _deduplicated(ben)
    assert (second["title"], second["description"]) == ("media", None)


async def test_file_that_two_lists_name_is_called_as_the_list_of_each_user(base):
    ada, ben = await add_user("ada"), await add_user("ben")
    await _fetched(ada, f"{base}/ada.xml", Options(playlist=Playlist()))
    second = await _fetched(ben, f"{base}/ben.xml", Options(playlist=Playlist()))
    assert await _deduplicated(ben)
    assert (second["title"], second["description"]) == ("Ben's episode", "Ben's episode, told at length.")
    first = (await item_queries.search(ada, "told"))["items"][0]
    assert (await item_queries.get(first["id"], ada))["description"] == "Ada's episode, told at length."


async def test_words_of_a_list_survive_a_refresh_of_the_file(base):
    ada = await add_user("ada")
    item = await _fetched(ada, f"{base}/ada.xml", Options(playlist=Playlist()))
    read = await refresh.refresh_item(item["id"], ada)
    assert read["description"] == "Ada's episode, told at length."


async def test_link_that_is_not_blocked_cannot_be_unblocked():
    ada = await add_user("ada")
    url = "https://films.example/1"
    with pytest.raises(errors.NotFound):
        await dedup.unmark_never(ada, url)
    source = await dedup.mark_never(ada, url)
    assert await dedup.unmark_never(ada, url) == source
    with pytest.raises(errors.NotFound):
        await dedup.unmark_never(ada, url)
