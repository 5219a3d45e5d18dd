"""The built page: the right file, the right headers, and never a file outside."""

import os
from pathlib import Path

import pytest

from mediafetcher.api import request_guard
from mediafetcher.api.static import page
from mediafetcher.core import errors


@pytest.fixture
def built(tmp_path: Path) -> page.Site:
    root = tmp_path / "dist"
    (root / "assets").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("no")
    for name in ("index.html", "assets/app-1a2b.js", "assets/app-1a2b.js.br", "assets/app-1a2b.js.gz", "icon.svg"):
        (root / name).write_text(name)
    return page.Site(root)


def call(method: str = "GET", **headers: str) -> request_guard.Call:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return request_guard.Call(method, given.get, "localhost", "127.0.0.1", False)


def test_index_for_every_address_of_the_page(built: page.Site) -> None:
    for path in ("/", "/index.html", "/library", "/watch/12", "/a/b/c"):
        answer = built.answer(call(), path)
        assert (answer.status, Path(answer.path or "").name) == (200, "index.html")
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["content-security-policy"] == page.CSP


def test_assets_never_change(built: page.Site) -> None:
    answer = built.answer(call(), "/assets/app-1a2b.js")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/javascript")
    again = built.answer(call(if_none_match=answer.headers["etag"]), "/assets/app-1a2b.js")
    assert (again.status, again.path) == (304, None)


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [("gzip, deflate, br", "br"), ("gzip;q=1.0", "gzip"), ("br;q=0, gzip", "gzip"), ("identity", None), ("", None)],
)
def test_packed_files_are_for_clients_that_accept_them(built: page.Site, accepts: str, encoding: str | None) -> None:
    answer = built.answer(call(accept_encoding=accepts), "/assets/app-1a2b.js")
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["vary"] == "accept-encoding"
    assert (answer.path or "").endswith({"br": ".br", "gzip": ".gz", None: ".js"}[encoding])


@pytest.mark.parametrize("path", ["/../secret.txt", "/assets/../../secret.txt", "/gone.js", "/assets/app-1a2b.js.br"])
def test_nothing_else_is_served(built: page.Site, path: str) -> None:
    with pytest.raises(errors.NotFound):
        built.answer(call(), path)


def test_a_new_build_is_seen(built: page.Site, tmp_path: Path) -> None:
    built.answer(call(), "/")
    (tmp_path / "dist/assets/new-9.js").write_text("new")
    os.utime(tmp_path / "dist/index.html", (1, 1))
    assert built.answer(call(), "/assets/new-9.js").status == 200


def test_without_a_build_it_says_how(tmp_path: Path) -> None:
    answer = page.Site(tmp_path / "nowhere").answer(call(), "/")
    assert answer.path is None
    assert "scripts/run" in answer.text
    assert "<script" not in answer.text
