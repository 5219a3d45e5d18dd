"""The extension's packages over HTTP: what the list says is what comes."""

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mediafetcher.ops import extension_package


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    source = tmp_path / "dist"
    for target in ("chrome", "firefox"):
        (source / target).mkdir(parents=True)
        (source / target / "manifest.json").write_text(f'{{"for": "{target}"}}')
    monkeypatch.setattr(extension_package, "built", lambda: source)
    return source


@pytest.mark.parametrize(("browser", "target"), [("chromium", "chrome"), ("firefox", "firefox")])
async def test_each_package_is_what_the_list_says(alice: Any, built: Path, browser: str, target: str) -> None:
    listed = (await alice.http.get("/api/extension")).json()[browser]
    answer = await alice.http.get(f"/api/extension/{browser}")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="{listed["name"]}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (listed["size"], listed["sha256"]) == (len(answer.content), hashlib.sha256(answer.content).hexdigest())
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert target in archive.read("manifest.json").decode()


async def test_missing_extension_is_not_found(web: Any, alice: Any, built: Path) -> None:
    assert (await web.client().get("/api/extension/firefox")).status_code == 401
    assert (await alice.http.get("/api/extension/opera")).status_code in (400, 404)
    (built / "firefox" / "manifest.json").unlink()
    for path in ("/api/extension", "/api/extension/firefox"):
        answer = await alice.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
