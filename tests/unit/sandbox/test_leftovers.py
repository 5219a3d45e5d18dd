"""A start ends what an earlier run left below the folders of children, and nothing else."""

import os
import subprocess
import sys

from mediafetcher.core import settings
from mediafetcher.sandbox import leftovers, privilege_drop, process

_STAYS = (
    "import os, signal, time; os.setsid(); [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; "
    "print('stays', flush=True); time.sleep(1000)"
)


def test_process_of_an_earlier_run_ended_and_others_left(state):
    folder = process.give(settings.get().fetch / "1")
    account = privilege_drop.service_account()
    number = account.uid if account else os.geteuid()
    given = {"user": number, "group": number, "extra_groups": []} if account else {}
    given["stdout"] = subprocess.PIPE
    python = os.path.realpath(sys.executable)
    state.parent.chmod(0o755)
    left = subprocess.Popen([python, "-I", "-c", _STAYS], cwd=folder, **given)
    other = subprocess.Popen([python, "-I", "-c", _STAYS], cwd="/", **given)
    try:
        assert [one.stdout.readline() for one in (left, other)] == [b"stays\n"] * 2
        assert leftovers.end(settings.get().fetch) == 1
        assert left.wait(10) == -9
        assert other.poll() is None
        assert leftovers.end(settings.get().fetch) == 0
    finally:
        for one in (left, other):
            one.kill()
            one.communicate()
