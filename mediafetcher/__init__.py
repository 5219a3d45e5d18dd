"""MediaFetcher: a self-hosted media fetcher and library for a home lab."""

__version__ = "0.2.0"
