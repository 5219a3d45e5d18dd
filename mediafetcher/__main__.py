"""`python -m mediafetcher` is the `mediafetcher` command."""

import sys

from mediafetcher.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
