"""P24: an unforeseen error is transient, and what was fetched whole is kept until it is stored or proved bad."""

import asyncio
import errno
import os

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, queries
from mediafetcher.downloads.worker import active, checkpoint, postprocess, runner, workspace
from mediafetcher.fetch import collect
from mediafetcher.fetch.options import FILE_STEM
from mediafetcher.library.catalog import folders
from mediafetcher.library.catalog import queries as item_queries
from mediafetcher.library.storage import blob_store
from mediafetcher.media import ffmpeg, probe
from mediafetcher.sandbox import privilege_drop
from tests.waiting import eventually

pytestmark = [pytest.mark.promise(24), pytest.mark.usefixtures("ready")]


async def _attempt(id: int) -> dict:
    await engine.execute("update download set run_after = now()")
    claim = await leases.claim()
    assert claim and claim.id == id
    await runner.run(claim)
    return await queries.get(id)


def _bodies(site, name: str) -> int:
    return len([asked for asked in site.asked(name) if asked["method"] == "GET"])


async def _assert_done_without_second_download(site, id: int, name: str) -> None:
    fetched = _bodies(site, name)
    row = await _attempt(id)
    assert row["state"] == "done", row
    assert _bodies(site, name) == fetched
    media = (await item_queries.get(row["item"], row["owner"]))["media"]
    assert blob_store.path_of(bytes.fromhex(media["sha256"]), media["ext"]).exists()


def _raising(monkeypatch, module, name: str, error: BaseException) -> None:
    """Let a function of the program raise once."""
    real = getattr(module, name)

    async def once(*given, **named):
        monkeypatch.setattr(module, name, real)
        raise error

    monkeypatch.setattr(module, name, once)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError("nobody knows this"), "unexpected_error"),
        (OSError(errno.EIO, "Input/output error"), "unexpected_error"),
        (OSError(errno.EMFILE, "Too many open files"), "unexpected_error"),
        (MemoryError(), "unexpected_error"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk_full"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
@pytest.mark.parametrize(("module", "name"), [(probe, "probe"), (postprocess, "convert"), (postprocess, "store")])
async def test_unforeseen_error_after_the_file_came_keeps_the_file(owner, site, monkeypatch, module, name, error, code):
    id = (await lifecycle.submit(owner, site.url("/media/ok.mp4")))["id"]
    _raising(monkeypatch, module, name, error)
    row = await _attempt(id)
    assert (row["state"], row["error"]["code"]) == ("queued", code)
    assert "\n" not in row["error"]["message"]
    await _assert_done_without_second_download(site, id, "/media/ok.mp4")


async def test_statement_cancelled_by_the_server_keeps_the_file(owner, site, database):
    """A trigger that cancels the statement: what an administrator or a statement_timeout does."""
    id = (await lifecycle.submit(owner, site.url("/media/ok.mp4")))["id"]
    await engine.execute(
        "create function cancelled() returns trigger language plpgsql as"
        " $$ begin raise exception 'canceling statement' using errcode = '57014'; end $$;"
        " create trigger cancelled before insert on library_item for each row execute function cancelled()"
    )
    row = await _attempt(id)
    assert (row["state"], row["error"]["code"]) == ("queued", "unexpected_error")
    await engine.execute("drop trigger cancelled on library_item")
    await _assert_done_without_second_download(site, id, "/media/ok.mp4")


async def test_end_that_cannot_be_written_at_first_is_written_later(owner, site, monkeypatch):
    id = (await lifecycle.submit(owner, site.url("/status/404/x")))["id"]
    await engine.execute(
        "create sequence tries; create function cancelled() returns trigger language plpgsql as"
        " $$ begin if new.state = 'failed' and nextval('tries') < 3 then"
        " raise exception 'canceling statement' using errcode = '57014'; end if; return new; end $$;"
        " create trigger cancelled before update on download for each row execute function cancelled()"
    )
    assert (await _attempt(id))["state"] == "failed"


async def test_message_that_postgresql_cannot_keep_ends_the_download_all_the_same(owner, site, monkeypatch):
    id = (await lifecycle.submit(owner, site.url("/media/ok.mp4")))["id"]
    _raising(monkeypatch, postprocess, "store", errors.Gone("nothing\x00 there \udcff"))
    row = await _attempt(id)
    assert (row["state"], row["error"]["code"]) == ("failed", "gone")


@pytest.mark.parametrize("name", ["/media/ok.mp4", "/media/h264_aac.mkv"])
async def test_ffmpeg_killed_by_the_system_keeps_the_file(owner, site, monkeypatch, tmp_path, name):
    """As the OOM killer does: FFmpeg is killed by a signal, and nothing is known of the file."""
    script = tmp_path / "ffmpeg"
    script.write_text("#!/bin/sh\nkill -9 $$\n")
    script.chmod(0o755)
    id = (await lifecycle.submit(owner, site.url(name)))["id"]
    with monkeypatch.context() as killed:
        killed.setattr(ffmpeg, "path", lambda: str(script))
        row = await _attempt(id)
    assert (row["state"], row["error"]["code"]) == ("queued", "tool_killed"), row["error"]
    await _assert_done_without_second_download(site, id, name)


async def test_folder_deleted_meanwhile_leaves_the_item_at_the_top(owner, site, monkeypatch):
    row = await lifecycle.submit(owner, site.url("/media/ok.mp4"), folder="Films/New")
    keep = postprocess.store

    async def deleted_before(*given):
        for folder in await engine.fetch("select id from folder where parent is null"):
            await folders.delete(folder["id"], owner)
        await keep(*given)

    monkeypatch.setattr(postprocess, "store", deleted_before)
    row = await _attempt(row["id"])
    assert row["state"] == "done", row
    assert (await item_queries.get(row["item"], owner))["folder"] == ""


async def test_state_disk_full_when_the_file_came_whole_keeps_the_file(owner, site, monkeypatch):
    """The note of what came cannot be written, and nothing else on that disk."""
    id = (await lifecycle.submit(owner, site.url("/media/h264_aac.mkv")))["id"]
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fails(*given):
        raise full

    with monkeypatch.context() as disk:
        disk.setattr(checkpoint, "_write", fails)
        disk.setattr(ffmpeg, "owned", fails)
        row = await _attempt(id)
    assert (row["state"], row["error"]["code"], row["attempt"]) == ("queued", "disk_full", 0)
    await _assert_done_without_second_download(site, id, "/media/h264_aac.mkv")


@pytest.mark.parametrize("taken", [True, False])
async def test_error_while_the_files_are_taken_over_fetches_nothing_again(owner, site, monkeypatch, taken):
    """All bytes have come; the error comes before or after the file was moved into our folder."""
    id = (await lifecycle.submit(owner, site.url("/media/ok.mp4")))["id"]
    take = collect.take

    def fails(*given, **named):
        if taken:
            take(*given, **named)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as disk:
        disk.setattr(collect, "take", fails)
        row = await _attempt(id)
    assert (row["state"], row["error"]["code"]) == ("queued", "unexpected_error")
    await _assert_done_without_second_download(site, id, "/media/ok.mp4")


async def test_unforeseen_error_of_the_system_in_the_child_is_tried_again(owner, site):
    """The child cannot open the file that it writes, for a reason that is in no table."""
    id = (await lifecycle.submit(owner, site.url("/media/ok.mp4")))["id"]
    in_its_place = privilege_drop.give(settings.get().fetch / str(id) / f"{FILE_STEM}.mp4.part")
    row = await _attempt(id)
    assert (row["state"], row["error"]["code"]) == ("queued", "unexpected_error"), row
    in_its_place.rmdir()
    assert (await _attempt(id))["state"] == "done"


async def test_repeated_unknown_error_waits_for_a_user_with_its_file(owner, site, monkeypatch):
    id = (await lifecycle.submit(owner, site.url("/media/ok.mp4")))["id"]
    with monkeypatch.context() as broken:
        for attempt in range(1, errors.Unexpected.tries + 1):
            _raising(broken, postprocess, "store", RuntimeError("always"))
            row = await _attempt(id)
            assert row["state"] == ("queued" if attempt < errors.Unexpected.tries else "needs_action")
    assert row["error"]["code"] == "unexpected_error"
    await workspace.tidy()
    assert checkpoint.load(workspace.path(id)) is not None
    await lifecycle.retry(id, owner)
    await _assert_done_without_second_download(site, id, "/media/ok.mp4")
    assert not workspace.path(id).exists()


async def test_file_proved_bad_is_forgotten(owner, site, monkeypatch):
    id = (await lifecycle.submit(owner, site.url("/media/ok.mp4")))["id"]
    _raising(monkeypatch, postprocess, "convert", errors.Truncated())
    assert (await _attempt(id))["state"] == "queued"
    assert checkpoint.load(workspace.path(id)) is None


async def test_journal_that_cannot_be_written_never_matters(owner, site):
    id = (await lifecycle.submit(owner, site.url("/media/ok.mp4")))["id"]
    await engine.execute("update download set run_after = now()")
    at_work = asyncio.create_task(runner.run(await leases.claim()))
    await eventually(lambda: active.get(id), pause=0)
    active.get(id).log("a line with \x00 in it")
    await at_work
    assert (await queries.get(id))["state"] == "done"
