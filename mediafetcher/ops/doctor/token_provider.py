"""Check that the PO token provider answers, if one is set."""

from mediafetcher.core.settings import Settings
from mediafetcher.fetch import token_provider
from mediafetcher.ops.doctor.findings import Findings, ok, problem


def examine(settings: Settings) -> Findings:
    found = token_provider.look(settings.po_token_provider)
    if found.state == "available":
        yield ok(
            "po_token_provider", f"The PO token provider at {found.url} answers ({found.version or 'no version'})."
        )
    elif found.state == "unavailable":
        yield problem(
            "po_token_provider",
            f"The PO token provider at {found.url} cannot be used: {found.reason}. "
            "Downloads go on without it, and YouTube may offer fewer formats.",
            f"curl {found.url}/ping    # on this machine: it must answer with its version",
        )
