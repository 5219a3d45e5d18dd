"""Children: what they may not do, and that they and all they started have ended for sure."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import uvloop

from mediafetcher.sandbox import privilege_drop
from mediafetcher.sandbox import process as programs
from mediafetcher.sandbox.child import STDERR_TAIL, Child, LineTooLong
from tests.waiting import eventually

REPOSITORY = Path(__file__).parents[3]
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another account to drop to")

ENVIRONMENT = set(os.environ) & {"SSL_CERT_FILE", "SSL_CERT_DIR", "TZDIR", "LD_LIBRARY_PATH"}
ENVIRONMENT |= {"PATH", "HOME", "TMPDIR", "LC_ALL", "LC_CTYPE"}

LOOK = """
import json, os, resource
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
umask = os.umask(0)
print(json.dumps({
    "uid": os.getresuid(), "gid": os.getresgid(), "groups": os.getgroups(), "session": os.getsid(0) == os.getpid(),
    "capabilities": {name: int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")},
    "no_new_privileges": status["NoNewPrivs"].strip(), "umask": umask, "nice": os.nice(0),
    "policy": os.sched_getscheduler(0), "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
    "file": resource.getrlimit(resource.RLIMIT_FSIZE)[0], "data": resource.getrlimit(resource.RLIMIT_DATA)[0],
    "cpu": resource.getrlimit(resource.RLIMIT_CPU)[0], "environment": sorted(os.environ), "cwd": os.getcwd(),
}))
"""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def gone(pid: int) -> None:
    await eventually(lambda: not alive(pid), seconds=5)


async def lines(program: Child) -> list[bytes]:
    return [line async for line in program]


async def look(folder: Path, limits: programs.Limits | None = None) -> dict:
    async with await programs.start([sys.executable, "-c", LOOK], limits or programs.Limits(), cwd=folder) as program:
        said = await lines(program)
        assert await program.wait() == 0, program.stderr_tail
    return json.loads(said[0])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return programs.give(tmp_path / "job")


async def test_child_has_its_account_and_limits(folder):
    limits = programs.Limits(file_size=1 << 20, data=1 << 29, cpu_seconds=60, nice=5, idle=True)
    found = await look(folder, limits)
    assert found["session"] and found["no_new_privileges"] == "1"
    assert (found["umask"], found["core"]) == (0o077, 0)
    assert (found["file"], found["data"], found["cpu"]) == (1 << 20, 1 << 29, 60)
    assert found["nice"] >= 5 and found["policy"] == os.SCHED_IDLE
    assert set(found["environment"]) <= ENVIRONMENT
    assert found["cwd"] == str(folder)


@root_only
async def test_root_drops_to_the_service_account_also_below_a_closed_folder(folder):
    """pytest's folders are 0700: the account reaches its own only with the one capability, to read."""
    account = programs.service_account()
    assert account and account.uid != 0 and account.gid != 0
    found = await look(folder)
    assert found["uid"] == [account.uid] * 3 and found["gid"] == [account.gid] * 3
    assert found["groups"] == [account.gid]
    allowed = {0, 1 << privilege_drop._CAP_DAC_READ_SEARCH, 1 << privilege_drop._CAP_DAC_OVERRIDE}
    assert set(found["capabilities"].values()) <= allowed
    assert folder.stat().st_uid == account.uid


@root_only
async def test_no_capability_where_everything_can_be_reached():
    """`/bin/sh` in `/`: nothing is closed, so nothing is kept."""
    async with await programs.start(["/bin/sh", "-c", "id -u; grep Cap /proc/self/status"], cwd="/") as program:
        uid, *capabilities = await lines(program)
    assert int(uid) == programs.service_account().uid
    assert all(int(line.split()[1], 16) == 0 for line in capabilities if b"CapBnd" not in line)


@root_only
async def test_a_closed_folder_can_be_written_to_only_where_it_was_given(tmp_path, folder):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    script = f"touch {folder}/mine && touch {closed}/theirs"
    async with await programs.start(["/bin/sh", "-c", script], cwd=folder) as program:
        assert await program.wait() != 0
    assert (folder / "mine").exists() and not (closed / "theirs").exists()


@root_only
def test_may_reach_follows_the_rights_of_every_folder(tmp_path):
    account = programs.Account(60787, 60787)
    top = Path("/tmp") / f"mf-reach-{os.getpid()}"
    try:
        (top / "a").mkdir(parents=True, mode=0o711)
        top.chmod(0o711)
        file = top / "a" / "file"
        file.write_text("x")
        for mode, may in ((0o644, True), (0o600, False)):
            file.chmod(mode)
            assert privilege_drop.may_reach(file, account) is may
        file.chmod(0o644)
        for mode, may in ((0o755, True), (0o711, True), (0o700, False)):
            (top / "a").chmod(mode)
            assert privilege_drop.may_reach(file, account) is may
            assert privilege_drop.may_reach(top / "a", account) is may
        assert privilege_drop.may_reach(top / "not" / "there", account)
    finally:
        subprocess.run(["rm", "-rf", top], check=True)


async def test_the_whole_group_ends_with_its_leader(folder):
    async with await programs.start(["/bin/sh", "-c", "sleep 300 & echo $!"], cwd=folder) as program:
        grandchild = int((await lines(program))[0])
        assert await program.wait() == 0
    await gone(grandchild)


async def test_leaving_the_block_kills_the_group(folder):
    script = 'trap "" TERM; sleep 300 & echo $!; wait'
    async with await programs.start(["/bin/sh", "-c", script], cwd=folder) as program:
        grandchild = int(await anext(aiter(program)))
        pid = program.pid
    assert not alive(pid)
    await gone(grandchild)
    assert program.returncode == -signal.SIGKILL


async def test_stop_asks_first_and_kills_after_the_grace(folder):
    wait = "echo on; while :; do sleep 0.05; done"
    polite = await programs.start(["/bin/sh", "-c", f'trap "exit 3" TERM; {wait}'], cwd=folder)
    await anext(aiter(polite))
    assert await polite.stop(5) == 3
    stubborn = await programs.start(["/bin/sh", "-c", f'trap "" TERM; {wait}'], cwd=folder)
    await anext(aiter(stubborn))
    began = time.monotonic()
    assert await stubborn.stop(0.3) == -signal.SIGKILL
    assert 0.3 <= time.monotonic() - began < 5
    assert await stubborn.kill() == -signal.SIGKILL  # again does no harm


async def test_cancelled_reader_leaves_no_process(folder):
    pids: list[int] = []
    begun = asyncio.Event()

    async def read() -> None:
        async with await programs.start(["/bin/sh", "-c", "echo on; sleep 300"], cwd=folder) as program:
            pids.append(program.pid)
            async for _ in program:
                begun.set()

    reader = asyncio.create_task(read())
    await asyncio.wait_for(begun.wait(), 10)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert not alive(pids[0])


KILLED_PARENT = """
import asyncio, os, sys
from mediafetcher.sandbox import process
async def main():
    program = await process.start(["/bin/sh", "-c", "echo on; exec sleep 300"])
    await anext(aiter(program))
    print(program.pid, flush=True)
    await asyncio.sleep(300)
asyncio.run(main())
"""


async def test_kill_9_of_the_parent_ends_the_child():
    parent = subprocess.Popen([sys.executable, "-c", KILLED_PARENT], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pid = int(await asyncio.to_thread(parent.stdout.readline))
    assert alive(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    await gone(pid)


async def test_long_line_arrives_whole_and_endless_line_is_an_error(folder):
    script = "print('a' * 3_000_000); print('short')"
    async with await programs.start([sys.executable, "-c", script], cwd=folder) as program:
        assert [len(line) for line in await lines(program)] == [3_000_000, 5]
    script = "import sys\nwhile True: sys.stdout.write('a' * 1_000_000)"
    async with await programs.start([sys.executable, "-c", script], cwd=folder) as program:
        with pytest.raises(LineTooLong):
            await lines(program)


async def test_end_of_standard_error_is_kept(folder):
    script = "import sys; sys.stderr.write('x' * 100_000 + 'the end')"
    async with await programs.start([sys.executable, "-c", script], cwd=folder) as program:
        await program.wait()
    assert program.stderr_tail.endswith("the end") and len(program.stderr_tail) == STDERR_TAIL


async def test_standard_input_both_ways(folder):
    big = b"".join(b"%099d\n" % number for number in range(20_000))
    async with await programs.start(["/bin/cat"], stdin=big, cwd=folder) as program:
        assert len(await lines(program)) == 20_000
    async with await programs.start(["/bin/cat"], stdin=b"one\n", keep_stdin=True, cwd=folder) as program:
        reader = aiter(program)
        assert await anext(reader) == b"one"
        await program.write(b"two\n")
        assert await anext(reader) == b"two"
        program.close_stdin()
        assert await program.wait() == 0


async def test_writing_to_one_that_is_gone_is_no_error(folder):
    async with await programs.start(["/bin/true"], stdin=b"x" * 1_000_000, cwd=folder) as program:
        assert await program.wait() == 0


async def test_a_program_that_is_not_there(folder):
    with pytest.raises(OSError):
        await programs.start(["/nonexistent/program"], cwd=folder)


async def test_the_size_of_a_file_is_limited(folder):
    script = "f = open('big', 'wb')\ntry:\n  f.write(bytes(1 << 20)); f.flush()\nexcept OSError as e: print(e.errno)"
    limits = programs.Limits(file_size=1 << 16)
    async with await programs.start([sys.executable, "-c", script], limits, cwd=folder) as program:
        assert await lines(program) == [b"27"]  # EFBIG
    assert (folder / "big").stat().st_size == 1 << 16


async def test_other_threads_may_not_spawn():
    caught: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(programs.spawn(["/bin/true"]))
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    await asyncio.to_thread(thread.join)
    assert isinstance(caught[0], RuntimeError)


async def test_no_file_descriptors_are_left(folder):
    async def once() -> None:
        async with await programs.start(["/bin/sh", "-c", "echo a; echo b >&2"], stdin=b"x", cwd=folder) as program:
            await lines(program)
            await program.wait()

    await once()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        await once()
    assert len(os.listdir("/proc/self/fd")) <= before


def test_files_of_other_threads_stay_open(folder):
    """On the loop of the program: a pipe that is closed twice closes what a thread has opened in between."""
    ended, wrong = threading.Event(), []

    def open_and_close() -> None:
        while not ended.is_set():
            try:
                with open("/proc/self/stat", "rb", 0) as file:
                    file.read()
            except OSError as error:
                wrong.append(error)

    async def start_many() -> None:
        for _ in range(60):
            async with await programs.start(["/bin/true"]) as program:
                assert [line async for line in program] == []
                assert await program.wait() == 0

    threads = [threading.Thread(target=open_and_close) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(start_many())
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert wrong == []


async def test_spawn_hands_over_a_confined_process(folder):
    process = await programs.spawn(
        ["/bin/sh", "-c", "id -u"], cwd=folder, stdout=programs.PIPE, death_signal=signal.SIGINT
    )
    out, _ = await process.communicate()
    account = programs.service_account()
    assert int(out) == (account.uid if account else os.getuid())
