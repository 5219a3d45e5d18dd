"""An installation that MediaFetcher 0.1.0 wrote: its state folder, its database, its backup, and its extension.

Version 0.1.0 ran with the `config.toml` in it, with two users. It stopped while downloads waited. `database.sql` is
what pg_dump wrote of its embedded PostgreSQL 18, and the requests are what the extension of 0.1.0 sent to it.
"""

import json
import os
import tarfile
from pathlib import Path
from typing import Any

import psycopg

from mediafetcher.sandbox import process
from tests.faults.program import PASSWORD, Program, settings_alone
from tests.postgres import Postgres
from tests.site import Site
from tests.site.behaviours import free_box

_ARCHIVE = Path(__file__).with_name("v0_1_0.tar.xz")
_STATE = "/var/lib/mediafetcher"  # where its state folder was
_SITE = "127.0.0.1:21871"  # what it downloaded from
USERS = {"owner": PASSWORD, "anna": "another good long password"}
# Every old name: in `config.toml`, and one in the environment.
OLD_NAMES = (
    *("jobs", "jobs_per_site", "transcodes", "live_max", "look_seconds", "hang_seconds", "stop_seconds", "max_tries"),
    "MEDIAFETCHER_BEAT_SECONDS",
)
WARNING = "is an old name"


class Old:
    """The files of the old installation, for a database server and a site of this test."""

    def __init__(self, folder: Path) -> None:
        with tarfile.open(_ARCHIVE) as archive:
            archive.extractall(folder)
        self.folder, self.state = folder, folder / "state"
        self.state.chmod(0o711)
        account = process.service_account()
        for path in (self.state / "fetch").rglob("*"):  # what fetch children wrote is theirs
            if account:
                os.chown(path, account.uid, account.gid)
        self.facts: dict[str, Any] = json.loads((folder / "facts.json").read_text())

    def films(self, root: Path) -> None:
        """Write the films that its downloads wait for to the folder of a site."""
        film = min((self.state / "media" / "store").glob("*/*.mp4")).read_bytes()
        for number in range(5, 8):
            name = f"film-{number}.mp4"
            (root / name).write_bytes(film + free_box(name))

    def move_to(self, database: Postgres, site: Site | None = None) -> None:
        """Load its database into the server, with the addresses of this test."""
        host = site.url("").removeprefix("http://").rstrip("/") if site else _SITE
        config = self.state / "config.toml"
        config.write_text(config.read_text().replace(_SITE.rpartition(":")[2], host.rpartition(":")[2]))
        text = (self.folder / "database.sql").read_text().replace(_STATE, str(self.state))
        text = text.replace(_SITE.rpartition(":")[2], host.rpartition(":")[2])
        lines = [line for line in text.splitlines() if not line.startswith("\\")]  # commands of psql
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            connection.execute("\n".join(lines).encode())

    def run_by(self, program: Program, **settings: Any) -> Program:
        """Make a program of today run it, with the environment that the old program had."""
        given = {"state": self.state, "port": program.port, "beat_seconds": 0.5} | settings
        program.state = self.state
        program.environment = settings_alone(**given)
        program._token = self.facts["facts"]["tokens"]["owner"]
        return program
