"""Backups in the media folder: whole or absent, the newest seven, by the owner of the store alone."""

import dataclasses
import stat
from pathlib import Path

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.db import engine, migrate
from mediafetcher.library.recovery import journal_file
from mediafetcher.library.storage import mount, ownership
from mediafetcher.ops import backup, media_backups
from tests.factories import add_user


@pytest.fixture
async def media(database: str, media_online: Path) -> Path:
    await ownership.start()
    await add_user("Ada")
    return media_online


def _use(**changes: object) -> None:
    settings.use(dataclasses.replace(settings.get(), **changes))


async def test_backup_in_the_media_folder_is_whole_and_private_and_restarts_the_journal(database, state, media):
    (state / "key").write_text("the key")
    made = await media_backups.make(database, settings.get())
    assert made is not None and media_backups.found(media) == [made]
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.parent.stat().st_mode) == 0o700
    with made.open("rb") as file:
        manifest = backup.read_manifest(file)
    assert manifest.counts["account"] == 1
    assert "key" not in manifest.parts
    assert len(journal_file.generations(media)) == 1
    assert [path.name for path in made.parent.iterdir()] == [made.name]


async def test_newest_seven_backups_of_this_installation_stay(database, media):
    folder = media / media_backups.FOLDER
    folder.mkdir(parents=True)
    foreign = folder / "00000001-nightly-20260101-030000-0123abcd.mfbackup"
    foreign.touch()
    made = [await media_backups.make(database, settings.get()) for _ in range(9)]
    assert media_backups.found(media) == [*reversed(made[2:]), foreign]


async def test_frozen_installation_writes_neither_backup_nor_journal(database, media):
    await ownership.freeze("foreign")
    with pytest.raises(errors.StoreFrozen):
        await media_backups.make(database, settings.get())
    assert not await media_backups._due()
    assert media_backups.found(media) == []
    assert journal_file.generations(media) == []


async def test_backup_is_due_once_in_its_interval_and_not_if_turned_off(database, media):
    assert await media_backups._due()
    await media_backups.make(database, settings.get())
    assert not await media_backups._due()
    await engine.execute("update journal_state set backed_up_at = now() - interval '27 hours'")
    assert await media_backups._due()
    _use(recovery="off")
    assert not await media_backups._due()
    _use(recovery="on")
    await engine.execute("update journal_state set backed_up_at = now() + interval '3 days'")  # the clock went back
    assert await media_backups._due()


async def test_backup_that_fails_leaves_nothing_and_is_due_again(database, media):
    with pytest.raises(errors.DatabaseUnavailable):
        await media_backups.make("postgresql:///mediafetcher?host=%2Fnowhere", settings.get())
    assert list((media / media_backups.FOLDER).iterdir()) == []
    assert await media_backups._due()


async def test_share_that_is_away_gets_no_folder_below_its_bare_mount_point(database, media):
    (media / mount.SENTINEL).unlink()
    with pytest.raises(errors.MediaOffline):
        await media_backups.make(database, settings.get())
    assert not (media / media_backups.FOLDER).exists()


async def test_backup_before_a_migration_is_copied_without_the_password_of_the_proxy(database, state, media):
    await engine.execute("""insert into setting (name, value) values ('proxy', '"http://a:s3cr3t@10.0.0.1:3128"')""")
    await engine.execute("delete from migration where name = $1", migrate.known()[-1])
    kept = await backup.before_migration(database, settings.get())
    waiting = backup.for_media(settings.get())
    assert kept is not None and waiting.exists()
    await media_backups._adopt(waiting)
    (copied,) = media_backups.found(media)
    assert "before-migration" in copied.name and not waiting.exists()
    with copied.open("rb") as file:
        assert backup.read_manifest(file).format == 2
    with kept.open("rb") as file:
        assert backup.read_manifest(file).format == 1  # the older program reads it
