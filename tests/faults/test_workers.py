"""Several machines on one PostgreSQL and one share: their work is shared, and survives the death of one."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.faults.program import REPOSITORY, until
from tests.site import Site

JOBS = int(os.environ.get("MF_WORKER_JOBS") or 24)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")


@needs_root
@pytest.mark.timeout(600)
def test_two_workers_in_networks_of_their_own_and_one_dies(shared, program, films_site, worker, tmp_path):
    """Every film is fetched by the worker that claimed it, from its own network; nothing is lost or done twice."""
    links = films_site(JOBS, slow=True)
    root, port = films_site.site.root, films_site.site.port
    server = program(database_url=shared.socket_dsn, max_downloads=1, max_downloads_per_site=8).start()
    media = server.state / "media"
    island = ["unshare", "--net", sys.executable, "-m", "tests.faults.island", str(root), str(port)]
    first = worker("one", shared.socket_dsn, media, *island).ready()
    second = worker("two", shared.socket_dsn, media, *island).ready()
    names = {row["role"] for row in server.ask("GET", "/system").json()["workers"]}
    assert names == {"server", "worker"}
    for link in links:
        server.submit(link)
    own = (first.state / "instance").read_text().strip()
    downloads = "select count(*) from download where state = 'running' and starts_with(worker_id, %s)"
    until(lambda: shared.fetch(downloads, own)[0][0] == 2, 60, "the first worker works")
    first.kill()
    rows = server.all_ended(300)
    assert len(rows) == JOBS and {row["state"] for row in rows} == {"done"}, rows
    items = server.items() if JOBS <= 200 else []
    assert {item["media"]["ref_count"] for item in items} == {1}
    assert shared.fetch("select count(*), count(distinct media_file) from library_item") == [(JOBS, JOBS)]
    assert shared.fetch("select count(*) from download where attempt > 1")[0][0] >= 1  # resumed elsewhere
    assert second.stop() == 0
    shutil.rmtree(first.state / "work")
    server.assert_clean()


def test_a_worker_says_what_keeps_it_from_working(shared, program, films_site, worker, tmp_path):
    (link,) = films_site(1)
    server = program(database_url=shared.dsn, max_downloads_per_site=8).start()
    other = tmp_path / "other"
    other.mkdir()
    blind = worker("blind", shared.dsn, other).ready()
    assert "does not contain this library" in blind.words
    until(
        lambda: (
            [row["trouble"] for row in server.ask("GET", "/system").json()["workers"] if row["role"] == "worker"]
            == ["media_offline"]
        ),
        30,
        "the server tells of its trouble",
    )
    assert list(other.iterdir()) == []  # nothing is made under what may be a bare mount point
    server.stop()
    server.start()
    id = server.submit(link)
    until(lambda: server.download(id)["state"] == "done", 60, "done by the server")
    assert blind.stop() == 0


_IMPATIENT = """
from mediafetcher.library.storage import ownership
ownership.ANSWER = 1.0
from mediafetcher.cli import main
main.main(["worker"])
"""


def test_worker_without_server_says_what_it_waits_for_and_stores_when_the_server_is_back(
    shared, program, films_site, worker
):
    (link,) = films_site(1)
    server = program(database_url=shared.dsn, max_downloads=1, max_downloads_per_site=8).start()
    alone = worker("alone", shared.dsn, server.state / "media", sys.executable, "-c", _IMPATIENT).ready()
    server.stop()
    owner = shared.fetch("select min(id) from account")[0][0]
    shared.fetch(
        "insert into download (owner, url, site, source_key) values (%s, %s, '127.0.0.1', 'a film')", owner, link
    )
    row = "select state, error_code, error_message from download"
    until(lambda: shared.fetch(row)[0][1] == "server_away", 60, "it says what it waits for")
    state, _, words = shared.fetch(row)[0]
    assert state == "queued" and "mediafetcher serve" in words
    assert shared.fetch("select count(*) from library_item") == [(0,)]
    server.start()
    until(lambda: server.downloads()[0]["state"] == "done", 60, "stored")
    assert len(server.items()) == 1
    assert alone.stop() == 0


def test_a_worker_without_the_key_leaves_downloads_with_cookies_to_others(
    shared, program, media_corpus, worker, folder
):
    with Site(media_corpus, host="127.0.0.1") as site:
        server = program(database_url=shared.dsn, max_downloads=1, max_downloads_per_site=8).start()
        text = "# Netscape HTTP Cookie File\nlocalhost\tFALSE\t/\tFALSE\t0\tsession\tsecret\n"
        assert server.ask("PUT", "/cookies/localhost", {"text": text}).status_code == 200
        media, key = server.state / "media", server.state / "key"
        # The server makes the claims that workers ask for, and has its only slot in use.
        busy = server.ask("POST", "/downloads", {"url": site.url("/slow/1/h264_opus.mp4")}).json()["id"]
        running = "select state from download where id = %s"
        until(lambda: shared.fetch(running, busy)[0][0] == "running", 60, "the server is busy")
        keyless = worker("keyless", shared.dsn, media).ready()
        link = site.url("/media/ok.mp4")
        wish = "insert into download (owner, url, site, source_key) select id, %s, %s, %s from account"
        shared.fetch(wish, link.replace("127.0.0.1", "localhost"), "localhost", "sealed")
        shared.fetch(wish, link, "127.0.0.1", "open")

        def state(site: str) -> str:
            return shared.fetch("select state from download where site = %s and id <> %s", site, busy)[0][0]

        # The one that needs no cookies passes the other by: so that was looked at, and left.
        until(lambda: state("127.0.0.1") == "done", 60, "the other one is done")
        assert state("localhost") == "queued"
        assert not (keyless.state / "key").exists()
        keyed = folder / "keyed"
        keyed.mkdir(mode=0o711)
        shutil.copy(key, keyed / "key")
        able = worker("keyed", shared.dsn, media).ready()
        until(lambda: state("localhost") == "done", 60, "done by the one with the key")
        assert able.stop() == 0 and keyless.stop() == 0


def test_a_worker_alone_is_refused(shared, folder, worker):
    lone = worker("lone", shared.dsn, folder)
    assert lone.process.wait(60) == 1
    assert "[older_schema]" in lone.words and "Traceback" not in lone.words
    assert shared.fetch("select count(*) from pg_tables where schemaname = 'public'") == [(0,)]


def test_a_worker_ends_when_the_database_is_of_a_newer_version(shared, program, worker):
    server = program(database_url=shared.dsn).start()
    old = worker("old", shared.dsn, server.state / "media").ready()
    shared.fetch(
        "insert into migration (name, app_name, ran_on) values ('m9999_future', 'mediafetcher', current_timestamp)"
    )
    assert old.process.wait(60) == 1
    assert "[newer_schema]" in old.words and "Traceback" not in old.words


def test_a_worker_knows_no_web_server():
    """It is small, and what it does not load cannot be attacked."""
    code = (
        "import mediafetcher.app.worker, sys; print([m for m in ('litestar', 'granian', 'yt_dlp') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
