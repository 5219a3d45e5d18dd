"""The first thing that runs in the single file: makes the frozen world look like any other, then starts the program."""

import os
import sys
import types
from pathlib import Path
from typing import Any

_CERTIFICATES = ("/etc/ssl/cert.pem", "/etc/ssl/certs/ca-certificates.crt")


def _clean_environment() -> None:
    """Remove variables of the launcher: child programs of the system would break with the C library's folder."""
    for name in ("LD_LIBRARY_PATH", "LD_LIBRARY_PATH_ORIG", "PYINSTALLER_RESET_ENVIRONMENT"):
        os.environ.pop(name, None)


def _find_certificates() -> None:
    """The system's certificates, which its owner may have added to; else those that came along."""
    if "SSL_CERT_FILE" in os.environ or "SSL_CERT_DIR" in os.environ:
        return
    import certifi

    os.environ["SSL_CERT_FILE"] = next((path for path in _CERTIFICATES if Path(path).exists()), certifi.where())


def _do_without_black() -> None:
    """Piccolo imports this formatter of source code at the top of modules that we do use. It never formats for us."""
    black: Any = types.ModuleType("black")
    black.format_str = black.FileMode = black.Mode = None
    sys.modules["black"] = black


def main() -> int:
    _clean_environment()
    _find_certificates()
    _do_without_black()
    from mediafetcher.core import bundle

    if sys.argv[1:2] == [bundle.MODULE] and sys.argv[2] in bundle.PROGRAMS:
        import importlib

        module = sys.argv[2]
        del sys.argv[1:3]
        importlib.import_module(module).main()
        return 0
    from mediafetcher.cli import main as cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
