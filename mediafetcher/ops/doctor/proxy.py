"""Check that a proxy that may name users must prove its identity."""

from mediafetcher.core.settings import Settings
from mediafetcher.net import forwarding
from mediafetcher.ops.doctor.findings import Finding, Findings, note, ok, problem

_DO = (
    "head -c 24 /dev/urandom | base64 > /etc/mediafetcher/proxy-secret",
    'proxy_secret = "..."    # in config.toml, and the same in the proxy as X-MediaFetcher-Proxy-Secret',
)


def examine(settings: Settings) -> Findings:
    if settings.proxy_user_header is None:
        return
    if settings.proxy_secret is not None:
        yield ok("proxy_secret", "The proxy that names users must know a secret.")
        return
    ignored = [name for name in settings.trusted_proxies if not forwarding.names_are_believed(settings, name)]
    if ignored:
        yield problem(
            "proxy_ignored",
            f"The proxy at {', '.join(ignored)} signs nobody in: every program on this machine could say the same, "
            "and there is no secret.",
            *_DO,
        )
    if len(ignored) < len(settings.trusted_proxies):
        yield _believed(sorted(set(settings.trusted_proxies) - set(ignored)))


def _believed(names: list[str]) -> Finding:
    return note(
        "proxy_without_secret",
        f"Any program that can connect from {', '.join(names)} can name any user: there is no secret.",
        *_DO,
    )
