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
    rule,
    run_state_machine_as_test,
)

from mediafetcher.base import settings
from mediafetcher.db import cluster, engine
from mediafetcher.library import check, folders, items, mount, store
from tests.conftest import cloned
from tests.unit.library.conftest import FACTS

FILES = st.sampled_from([b"", b"one", b"two" * 1000])
FOLDERS = st.sampled_from(["", "A", "A/B", "C"])


@dataclasses.dataclass
class Item:
    """What the model knows of an item."""

    data: bytes
    folder: str
    trashed: bool = False


class Library(RuleBasedStateMachine):
    """Every rule is done to the library and to a dict; then both must say the same."""

    server: cluster.Cluster
    made = Bundle("items")

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[int, Item] = {}
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="mf-machine-"))
        self.before = settings._current
        settings.use(
            settings.Settings(state=self.folder, media=self.folder / "media", grace_hours=0, trash_days=1, min_free=0)
        )
        self.clone = cloned(self.server)
        self.runner.run(self._open())

    async def _open(self) -> None:
        await engine.connect(await self.clone.__aenter__())
        await mount.prepare()
        self.owner = await engine.fetchval("insert into account (name) values ('Ada') returning id")

    def teardown(self) -> None:
        async def close() -> None:
            await engine.close()
            await self.clone.__aexit__(None, None, None)

        self.runner.run(close())
        self.runner.close()
        settings._current = self.before
        shutil.rmtree(self.folder)

    # ---- what may happen -------------------------------------------------------------------------------

    @rule(target=made, data=FILES, folder=FOLDERS)
    def put(self, data: bytes, folder: str) -> int:
        async def do() -> int:
            source = self.folder / "source"
            source.write_bytes(data)
            entry = items.Entry("x", await folders.ensure(self.owner, folder))
            return await items.add_media(owner=self.owner, staged=await store.stage(source), facts=FACTS, entry=entry)

        item = self.runner.run(do())
        self.model[item] = Item(data, folder)
        return item

    @rule(data=FILES)
    def put_that_fails(self, data: bytes) -> None:
        async def fail(item: int) -> None:
            raise ZeroDivisionError

        async def do() -> None:
            source = self.folder / "source"
            source.write_bytes(data)
            with pytest.raises(ZeroDivisionError):
                await items.add_media(
                    owner=self.owner,
                    staged=await store.stage(source),
                    facts=FACTS,
                    entry=items.Entry("x"),
                    also=fail,
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
        said = self.runner.run(items.trash(item, self.owner))
        self.model[item].trashed = True
        others = sum(other.data == self.model[item].data for other in self.model.values()) - 1
        assert said["holders"] == others and said["frees"] == (0 if others else len(self.model[item].data))

    @rule(item=made)
    def restore(self, item: int) -> None:
        self.runner.run(items.restore(item, self.owner))
        self.model[item].trashed = False

    @rule(item=consumes(made))
    def release(self, item: int) -> None:
        self.runner.run(items.delete_media(item, self.owner))
        del self.model[item]

    @rule()
    def sweep(self) -> None:
        self.runner.run(items.sweep(strays=True))
        assert {file.name for file in self._files()} == {
            store.path_of(_sha256(item.data), ".mp4").name for item in self.model.values()
        }

    # ---- what always holds -----------------------------------------------------------------------------

    def _files(self) -> list[Path]:
        return [file for file in (self.folder / "media/store").rglob("*") if file.is_file()]

    @invariant()
    def library_and_model_agree(self) -> None:
        async def look() -> None:
            shown = (await items.page(self.owner, limit=200))["items"] + (await items.trashed(self.owner, limit=200))[
                "items"
            ]
            said = {row["id"]: (row["media"]["sha256"], row["folder"], row["trashed_at"] is not None) for row in shown}
            assert said == {
                number: (_sha256(item.data).hex(), item.folder, item.trashed) for number, item in self.model.items()
            }
            findings = [finding for finding in await check.check(read_data=True) if finding.kind != "stray_file"]
            assert findings == []

        self.runner.run(look())

    @invariant()
    def nothing_is_left_in_incoming(self) -> None:
        assert list((self.folder / "media/incoming").iterdir()) == []


def _sha256(data: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(data).digest()


@pytest.mark.promise(5)
@pytest.mark.timeout(500)
def test_the_library_is_its_model(server: cluster.Cluster) -> None:
    Library.server = server
    run_state_machine_as_test(
        Library,
        settings=hypothesis_settings(
            max_examples=10,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take longer than a person
            database=None,
        ),
    )
