"""The fixture web site: real HTTP over loopback, with every behaviour a site may have. `python -m tests.site`."""

from tests.site.server import Site

__all__ = ["Site"]
