"""A fetch trusts the authorities of yt-dlp, of the system, and the user's own."""

import ssl
import subprocess
from pathlib import Path

import pytest
from yt_dlp.networking import _helper as helper

from mediafetcher.fetch.child.network import certificates


def _authority(folder: Path, name: str) -> Path:
    path = folder / f"{name}.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", "/dev/null", "-subj", f"/CN={name}", "-days", "2", "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


def _trusted(context: ssl.SSLContext) -> set[str]:
    named = [dict(pair for part in one["subject"] for pair in part) for one in context.get_ca_certs()]  # type: ignore[misc, union-attr, arg-type]
    return {str(one.get("commonName")) for one in named}


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> None:
    """yt-dlp trusts nothing by itself."""
    monkeypatch.setattr(helper, "ssl_load_certs", lambda context, *given, **named: None)
    certificates.install()


def _loaded() -> set[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    helper.ssl_load_certs(context)
    return _trusted(context)


@pytest.mark.usefixtures("load")
def test_own_authority_is_trusted_beside_that_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(_authority(tmp_path, "environment")))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    assert _loaded() == {"environment"}
    monkeypatch.setenv(certificates.ENVIRONMENT, str(_authority(tmp_path, "own")))
    assert _loaded() == {"environment", "own"}


@pytest.mark.usefixtures("load")
def test_file_that_holds_no_certificate_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.pem").write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(_authority(tmp_path, "environment")))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    for name in ("own.pem", "missing.pem"):
        monkeypatch.setenv(certificates.ENVIRONMENT, str(tmp_path / name))
        assert _loaded() == {"environment"}


@pytest.mark.usefixtures("load")
def test_second_installation_changes_nothing() -> None:
    installed = helper.ssl_load_certs
    certificates.install()
    assert helper.ssl_load_certs is installed
