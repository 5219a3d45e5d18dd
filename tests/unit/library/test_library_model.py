"""P5: a machine that does whatever it likes with a small library, against a model of it."""

import asyncio
import dataclasses
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.library.catalog import folders, items, queries
from mediafetcher.library.catalog import trash as trash_bin
from mediafetcher.library.storage import blob_store, check, mount, ownership, sweeper
from tests import deep
from tests.conftest import Server, cloned
from tests.factories import add_user
from tests.unit.library.conftest import FACTS

FILES = st.sampled_from([b"", b"one", b"two" * 1000])
FOLDERS = st.sampled_from(["", "A", "A/B", "C"])


@dataclasses.dataclass
class Item:
    """The state of an item in the model."""

    data: bytes
    folder: str
    trashed: bool = False


class Library(RuleBasedStateMachine):
    """Every rule is done to the library and to a dict; then both must say the same."""

    dsn: str  # one database for all runs, emptied before each: to make one takes longer than a run
    made = Bundle("items")

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[int, Item] = {}
        self.away = False  # the share: then its mount point is an empty folder
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="mf-machine-"))
        self.before = settings._current
        settings.use(
            settings.Settings(state=self.folder, media=self.folder / "media", grace_hours=0, trash_days=1, min_free=0)
        )
        self.runner.run(self._open())

    async def _open(self) -> None:
        await engine.connect(self.dsn)
        async with engine.transaction():
            await engine.execute("set local session_replication_role = replica")
            for table in ("library_item", "media_file", "folder", "source", "account", "store_root", "installation"):
                await engine.execute(f"delete from {table}")
        await engine.execute("insert into installation default values")
        await ownership.refresh()
        await mount.prepare()
        self.owner = await add_user("Ada")

    def teardown(self) -> None:
        self.runner.run(engine.close())
        self.runner.close()
        settings._current = self.before
        shutil.rmtree(self.folder)

    # ---- what may happen -------------------------------------------------------------------------------

    @rule(target=made, data=FILES, folder=FOLDERS)
    def put(self, data: bytes, folder: str):  # type: ignore[no-untyped-def]
        async def do() -> int | None:
            source = self.folder / "source"
            source.write_bytes(data)
            if self.away:
                with pytest.raises(errors.MediaOffline):
                    await blob_store.stage(source)
                return None
            entry = items.Entry("x", await folders.ensure(self.owner, folder))
            return await items.add_media(
                owner=self.owner, staged=await blob_store.stage(source), facts=FACTS, entry=entry
            )

        item = self.runner.run(do())
        if item is None:
            return multiple()
        self.model[item] = Item(data, folder)
        return item

    @precondition(lambda self: not self.away)
    @rule(data=FILES)
    def crash_after_placing(self, data: bytes) -> None:
        """The bytes are at their place, and the transaction never ends: the server rolls it back."""

        async def fail(item: int) -> None:
            raise ZeroDivisionError

        async def do() -> None:
            source = self.folder / "source"
            source.write_bytes(data)
            with pytest.raises(ZeroDivisionError):
                await items.add_media(
                    owner=self.owner,
                    staged=await blob_store.stage(source),
                    facts=FACTS,
                    entry=items.Entry("x"),
                    in_transaction=fail,
                )

        self.runner.run(do())

    @rule(target=made, item=made)
    def reference(self, item: int) -> int:
        async def do() -> int | None:
            media_file = await engine.fetchval("select media_file from library_item where id = $1", item)
            return await items.link(self.owner, media_file, items.Entry("x"))

        linked = self.runner.run(do())
        assert linked is not None
        self.model[linked] = Item(self.model[item].data, "")
        return linked

    @rule(target=made, item=made, folder=FOLDERS)
    def copy(self, item: int, folder: str):  # type: ignore[no-untyped-def]
        async def do() -> int:
            return await items.copy(item, self.owner, await folders.ensure(self.owner, folder))

        copied = self.runner.run(do())
        if copied in self.model:
            assert self.model[copied] == Item(self.model[item].data, folder)
            return multiple()  # it was there already
        self.model[copied] = Item(self.model[item].data, folder)
        return copied

    @rule(item=made, folder=FOLDERS)
    def move(self, item: int, folder: str) -> None:
        async def do() -> None:
            await items.move(item, self.owner, await folders.ensure(self.owner, folder))

        self.runner.run(do())
        self.model[item].folder = folder

    @rule(item=made)
    def trash(self, item: int) -> None:
        said = self.runner.run(trash_bin.trash(item, self.owner))
        self.model[item].trashed = True
        others = sum(other.data == self.model[item].data for other in self.model.values()) - 1
        assert said["holders"] == others and said["frees"] == (0 if others else len(self.model[item].data))

    @rule(item=made)
    def restore(self, item: int) -> None:
        self.runner.run(trash_bin.restore(item, self.owner))
        self.model[item].trashed = False

    @rule(item=consumes(made))
    def release(self, item: int) -> None:
        self.runner.run(trash_bin.delete_media(item, self.owner))
        del self.model[item]

    @precondition(lambda self: not self.away)
    @rule(data=FILES)
    def crash_after_staging(self, data: bytes) -> None:
        async def do() -> None:
            source = self.folder / "source"
            source.write_bytes(data)
            staged = await blob_store.stage(source)
            parts = staged.path.name.split(".")
            staged.path.rename(staged.path.with_name(".".join([*parts[:2], "1", "0", *parts[4:]])))  # of a dead process

        self.runner.run(do())

    @precondition(lambda self: not self.away)
    @rule(item=consumes(made))
    def crash_while_removing(self, item: int) -> None:
        """The row of the item goes; then the file, and before its row does too, it is over."""

        async def do() -> None:
            media_file = await engine.fetchval("delete from library_item where id = $1 returning media_file", item)
            async with engine.transaction():
                await sweeper.delete_unreferenced(media_file)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            self.runner.run(do())
        del self.model[item]

    @rule()
    def crash(self) -> None:
        """Forget all that was in memory: connect and look for the share again, as a start does."""

        async def do() -> None:
            dsn = engine.DB.config["dsn"]
            await engine.close()
            await engine.connect(dsn)
            await mount.prepare()

        self.runner.run(do())
        assert mount.state().state == ("offline" if self.away else "online")

    @precondition(lambda self: not self.away)
    @rule()
    def unmount(self) -> None:
        (self.folder / "media").rename(self.folder / "elsewhere")
        (self.folder / "media").mkdir()
        self.away = True
        assert self.runner.run(mount.refresh()).state == "offline"

    @precondition(lambda self: self.away)
    @rule()
    def remount(self) -> None:
        (self.folder / "media").rmdir()  # fails where anything was written below the bare mount point
        (self.folder / "elsewhere").rename(self.folder / "media")
        self.away = False
        assert self.runner.run(mount.refresh()).state == "online"

    @rule()
    def sweep(self) -> None:
        removed = self.runner.run(sweeper.sweep())
        if self.away:
            assert removed == 0
            return
        assert list((self.folder / "media/incoming").iterdir()) == []
        assert {file.name for file in self._files()} == {
            blob_store.path_of(_sha256(item.data), ".mp4").name for item in self.model.values()
        }

    # ---- what always holds -----------------------------------------------------------------------------

    def _files(self) -> list[Path]:
        return [file for file in (self.folder / "media/store").rglob("*") if file.is_file()]

    @invariant()
    def library_and_model_agree(self) -> None:
        async def look() -> None:
            shown = (await queries.page(self.owner, limit=200))["items"] + (
                await queries.trashed(self.owner, limit=200)
            )["items"]
            said = {row["id"]: (row["media"]["sha256"], row["folder"], row["trashed_at"] is not None) for row in shown}
            assert said == {
                number: (_sha256(item.data).hex(), item.folder, item.trashed) for number, item in self.model.items()
            }
            found = {finding.kind for finding in await check.check(read_data=True)}
            assert found <= ({"store_offline"} if self.away else {"leftover"})
            assert not self.away or found

        self.runner.run(look())

    @invariant()
    def what_lies_in_incoming_is_known_as_garbage(self) -> None:
        folder = self.folder / ("elsewhere" if self.away else "media")
        assert all(blob_store.abandoned(path) for path in (folder / "incoming").iterdir())

    @invariant()
    def nothing_is_written_under_the_bare_mount_point(self) -> None:
        assert not self.away or list((self.folder / "media").iterdir()) == []


def _sha256(data: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(data).digest()


@pytest.mark.promise(5)
@pytest.mark.timeout(14400)
def test_the_library_is_its_model(server: Server) -> None:
    with asyncio.Runner() as runner:
        clone = cloned(server)
        Library.dsn = runner.run(clone.__aenter__())
        try:
            _run()
        finally:
            runner.run(clone.__aexit__(None, None, None))


def _run() -> None:
    run_state_machine_as_test(
        Library,
        settings=hypothesis_settings(
            max_examples=max(10, deep.count(5, 9000) // 1000),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take longer than a look by hand
            database=None,
        ),
    )
