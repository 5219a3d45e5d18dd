"""Programs of others that stand beside or before ours in tests and benchmarks: of the system, or unpacked for this."""

import os
import shutil
import subprocess
from pathlib import Path

_PLACE = Path(__file__).parents[1] / ".cache" / "peers"


def binary(name: str) -> Path | None:
    """`nginx` or `caddy` of the system, else out of Debian's package, which is unpacked and not installed."""
    if found := shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"):
        return Path(found)
    place = _PLACE / name
    if not _unpacked(place, name) and shutil.which("apt-get"):
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", name], cwd=place, capture_output=True)
        for package in place.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, place], capture_output=True)
    return _unpacked(place, name)


def _unpacked(place: Path, name: str) -> Path | None:
    found = next((path for folder in ("sbin", "bin") if (path := place / "usr" / folder / name).exists()), None)
    asks = {"nginx": "-v", "caddy": "version"}
    works = found and subprocess.run([found, asks[name]], capture_output=True).returncode == 0
    return found if works else None


def nginx_config(folder: Path, http: str) -> str:
    """A whole configuration whose `http` part ends with these lines; everything it writes lies in `folder`."""
    user = "user root;" if os.geteuid() == 0 else ""  # the user of this process, which may read the files
    paths = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""{user} daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
access_log off; client_body_temp_path {folder}/body; {paths}
{http}
}}
"""
