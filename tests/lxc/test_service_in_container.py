"""The service inside an unprivileged LXC container: installed, fetching, killed, rebooted, cut off, uninstalled.

The tests follow one installation, in this order. Run them together: `scripts/test -m lxc`.
"""

import json
import os
import signal
import subprocess
import time

import pytest

from tests.faults.program import until
from tests.lxc.container import SHIFT, Container

pytestmark = [pytest.mark.lxc, pytest.mark.timeout(300)]

USER = 991  # the service user inside
_READY_SECONDS = 90  # beside other tests


def _titles(container: Container) -> list[str]:
    listed = [json.loads(line) for line in container("mediafetcher list --json").splitlines()]
    return sorted(item["title"] for item in listed)


def _fetch_in_background(container: Container, path: str) -> None:
    """Submit a download and return once a child fetches it."""
    site = container.start_site()
    container(f"mediafetcher get {site.url(path)} >/dev/null 2>&1 &")
    until(lambda: any(one["sent"] for one in site.asked(path)), 60, "a child receives the file")


def test_install_on_share_of_foreign_owner_names_line_for_host(container):
    done = container.attach("mediafetcher", "service", "install", "--uid", str(USER))
    assert "It is not started" in done.stdout, done.stdout + done.stderr
    assert f"chown -R {SHIFT + USER}:" in done.stdout
    assert not container.processes(USER)


def test_install_on_share_of_service_user_starts_service(container):
    os.chown(container.media, SHIFT + USER, SHIFT + USER)
    # The fixture site has an address that is private: the administrator allows it as for any site at home.
    settings = "export MEDIAFETCHER_ALLOW_HOSTS=127.0.0.1 MEDIAFETCHER_MIN_FREE=0"
    container(f"echo '{settings}' >/etc/conf.d/mediafetcher")
    assert "MediaFetcher was started" in container("mediafetcher service install")
    until(container.is_ready, _READY_SECONDS, "the service answers")
    assert "started" in container("rc-service mediafetcher status")
    assert any("postgres" in command for command in container.processes(USER).values())


def test_webm_in_container_is_converted_and_checks_clean(container):
    link = container.start_site().url("/media/vp9_opus.webm")
    got = json.loads(container(f"mediafetcher get --json {link}").splitlines()[-1])
    media = got["item"]["media"]
    assert (got["state"], media["kind"], media["video_codec"]) == ("done", "video/mp4", "h264")
    stored = container.media / os.path.relpath(got["path"], "/mnt/media")
    assert stored.stat().st_uid == SHIFT + USER
    container("mediafetcher check --read-data")


def test_doctor_in_container_finds_confinement_in_force(container):
    done = container.attach("su", "mediafetcher", "-s", "/bin/sh", "-c", "mediafetcher doctor --json")
    found = {one["name"]: one for one in json.loads(done.stdout)["findings"]}
    for name in ("seccomp", "gateway", "state_folder", "versions"):
        assert found[name]["level"] == "ok", found[name]


def test_server_killed_while_fetching_leaves_no_child_and_goes_on(container):
    _fetch_in_background(container, "/slow/40/h264_aac.mkv")
    before = container.processes(USER)
    children = [number for number, command in before.items() if "--module" in command]
    server = next(number for number, command in before.items() if "serve" in command.split())
    assert children
    os.kill(server, signal.SIGKILL)
    until(lambda: not set(children) & set(container.processes(USER)), 10, "the children are gone")
    until(container.is_ready, _READY_SECONDS, "the service is brought back")
    until(lambda: "h264_aac" in _titles(container), 120, "the download is completed")
    container("mediafetcher check --read-data")


def test_reboot_of_container_starts_service_with_all_it_had(container):
    titles = _titles(container)
    assert titles
    container.stop()
    container.start()
    until(container.is_ready, _READY_SECONDS, "the service is started at boot")
    assert _titles(container) == titles
    container("mediafetcher check --read-data")


def test_hard_stop_of_container_while_fetching_loses_nothing(container):
    titles = _titles(container)
    _fetch_in_background(container, "/slow/40/ok.mp4")
    container.stop(hard=True)
    began = time.monotonic()
    container.start()
    until(container.is_ready, _READY_SECONDS, "the service is started at boot")
    print(f"ready {time.monotonic() - began:.1f} s after the start of the container")
    container.start_site()
    until(lambda: "ok" in _titles(container), 120, "the interrupted download is completed")
    assert set(titles) < set(_titles(container))
    container("mediafetcher check --read-data")


def test_uninstall_in_container_ends_service_and_keeps_data(container):
    said = container("mediafetcher service uninstall")
    assert "Your data stays in /var/lib/mediafetcher" in said
    until(lambda: not container.processes(USER), 30, "nothing of it runs")
    assert container.attach("rc-service", "mediafetcher", "status").returncode != 0
    container("test -d /var/lib/mediafetcher")
    assert subprocess.check_output(["find", container.media, "-type", "f", "-name", "*.mp4"])
