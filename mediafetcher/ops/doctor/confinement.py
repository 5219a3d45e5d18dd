"""Check the confinement of child processes on this machine: Landlock, seccomp filters, network namespaces."""

from mediafetcher.fetch import gateway
from mediafetcher.ops.doctor.findings import Findings, note, ok
from mediafetcher.sandbox import landlock, seccomp

_WAYS = {
    "namespace": "Children are in a network of their own, with the gateway alone.",
    "landlock": "Children may connect to the gateway alone (Landlock).",
}


def examine() -> Findings:
    """Examine the user who runs this command. A service with its own user may differ."""
    if seccomp.available():
        yield ok("seccomp", "Children make no local sockets and start no processes (filters of system calls).")
    else:
        yield note(
            "seccomp",
            "This kernel, or this kind of machine, has no known filters of system calls: a flaw in what fetches could "
            "reach the database, and outlive its download until the next start.",
            "zgrep SECCOMP_FILTER /proc/config.gz    # x86-64 and arm64 with CONFIG_SECCOMP_FILTER have them",
        )
    if version := landlock.version():
        yield ok("landlock", f"Children get at no files but their own (Landlock {version}).")
    else:
        yield note(
            "landlock",
            "This kernel has no Landlock: a flaw in what fetches could read what its account can read.",
            "cat /sys/kernel/security/lsm    # Linux 5.13 and newer have it: add lsm=landlock,... to the boot line",
        )
    kind = gateway.kind()
    if kind in _WAYS:
        yield ok("gateway", _WAYS[kind])
    else:
        yield note(
            "gateway",
            "Neither a network namespace nor Landlock's rules for TCP can be had here: code outside Python could reach "
            "private addresses, and no download pretends to be a browser.",
            "sysctl user.max_user_namespaces    # more than 0 lets a user have them; Linux 6.7 has Landlock for TCP",
        )
