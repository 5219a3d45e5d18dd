"""Files for the service managers, as text. install.py knows where each is written."""

import shlex
from dataclasses import dataclass
from pathlib import Path

NAME = "mediafetcher"
MARK = "Written by `mediafetcher service install`"  # a file without it is not ours, and stays unchanged
LOG = Path("/var/log/mediafetcher/mediafetcher.log")
_LOG_BYTES = 10 << 20
CONFIG = ("host", "port", "media")  # the settings that are written for a service


@dataclass(frozen=True)
class Plan:
    """The facts of the service. `program`: its command line, without the command `serve`."""

    program: tuple[str, ...]
    user: str
    group: str
    state: Path
    media: Path
    own_state: bool = False  # not the default state folder, so it must be named

    @property
    def arguments(self) -> list[str]:
        return [*self.program[1:], "serve", *(["--state", str(self.state)] if self.own_state else [])]


def openrc(plan: Plan) -> str:
    """Return the init script: supervised, so that it is restarted whatever ends it."""
    command, rest = shlex.quote(plan.program[0]), shlex.join(plan.arguments)
    version = shlex.join([*plan.program, "--version"])
    return f"""#!/sbin/openrc-run
# {MARK}; the next install overwrites this file.

name="MediaFetcher"
description="Downloads media into your own library"
supervisor=supervise-daemon
command={command}
command_args={shlex.quote(rest)}
command_user={shlex.quote(f"{plan.user}:{plan.group}")}
directory=/
umask=0022
rc_ulimit="-n 65536"
output_log={LOG}
error_log={LOG}
respawn_delay=2
respawn_max=0
retry="TERM/40/KILL/5"

depend() {{
	need localmount
	use net netmount dns logger
	after firewall
}}

start_pre() {{
	checkpath --directory --mode 0750 --owner root:{plan.group} {LOG.parent}
	checkpath --file --mode 0640 --owner {plan.user}:{plan.group} {LOG}
	# A new version unpacks itself here as root, so that every user can read it and none can change it.
	{version} >/dev/null
}}
"""


def systemd(plan: Plan) -> str:
    """Return the unit: `Type=notify`, always restarted, and confined as far as FFmpeg and yt-dlp allow."""
    start = _exec([plan.program[0], *plan.arguments])
    home = "read-only" if plan.program[0].startswith(("/home/", "/root/")) else "yes"
    return f"""# {MARK}; the next install overwrites this file.
[Unit]
Description=MediaFetcher
After=network-online.target remote-fs.target nss-lookup.target
Wants=network-online.target

[Service]
Type=notify
NotifyAccess=main
User={plan.user}
Group={plan.group}
# A new version unpacks itself here as root, so that every user can read it and none can change it.
ExecStartPre=+{_exec([*plan.program, "--version"])}
ExecStart={start}
WorkingDirectory=/
Restart=always
RestartSec=2
TimeoutStartSec=180
TimeoutStopSec=60
KillMode=mixed
UMask=0022
LimitNOFILE=65536

NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ReadWritePaths={_quoted(str(plan.state))}
ReadWritePaths={_quoted(f"-{plan.media}")}
ProtectHome={home}
PrivateTmp=yes
DevicePolicy=closed
DeviceAllow=char-drm rw
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""


def _exec(argv: list[str]) -> str:
    """Quote a command line for systemd, in which `%` and `$` have a meaning."""
    return " ".join(_quoted(word.replace("$", "$$")) for word in argv)


def _quoted(word: str) -> str:
    word = word.replace("\\", "\\\\").replace("%", "%%").replace('"', '\\"')
    return f'"{word}"' if " " in word or "\\" in word else word


def logrotate() -> str:
    return f"""# {MARK}.
{LOG} {{
	size {_LOG_BYTES}
	rotate 4
	compress
	copytruncate
	missingok
	notifempty
}}
"""


def rotate_script() -> str:
    """Return the script for machines without logrotate: run once a day by cron."""
    return f"""#!/bin/sh
# {MARK}.
log={LOG}
[ "$(stat -c %s "$log" 2>/dev/null || echo 0)" -gt {_LOG_BYTES} ] || exit 0
umask 077
for number in 3 2 1; do
	[ ! -f "$log.$number.gz" ] || mv "$log.$number.gz" "$log.$((number + 1)).gz"
done
gzip -c "$log" >"$log.1.gz" && : >"$log"
"""


def config(host: str, port: int | None, media: Path | None) -> str:
    """Return the settings of a dedicated machine: reachable from outside, protected by the one-time code."""
    lines = [f"# {MARK}. `mediafetcher settings` shows them all.", f'host = "{host}"']
    if port is not None:
        lines.append(f"port = {port}")
    if media is not None:
        lines.append(f'media = "{media}"')
    return "\n".join(lines) + "\n"
