"""A proxy that resolves names itself gets no link with a private address."""

from typing import Any

import pytest
import requests
import requests.adapters
import yt_dlp

from mediafetcher.fetch.child.network import proxy_guard
from mediafetcher.net import egress


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "https://10.0.0.1/a", "http://[::1]/", "http://169.254.169.254/latest"]
)
def test_private_address_is_refused(url: str) -> None:
    with pytest.raises(egress.Blocked):
        proxy_guard.check(url, ())


@pytest.mark.parametrize("url", ["https://films.example/a", "http://93.184.215.14/", "https://nas.example:8443/"])
def test_name_and_public_address_are_the_business_of_the_proxy(url: str) -> None:
    proxy_guard.check(url, ())


@pytest.mark.parametrize("allowed", ["10.0.0.1", "10.0.0.1:443"])
def test_exception_of_the_administrator_holds_for_its_port(allowed: str) -> None:
    proxy_guard.check("https://10.0.0.1/a", (allowed,))
    if ":" in allowed:
        with pytest.raises(egress.Blocked):
            proxy_guard.check("http://10.0.0.1/a", (allowed,))


def test_request_of_any_session_is_checked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []

    def send(adapter: Any, request: Any, *more: Any, **named: Any) -> requests.Response:
        sent.append(request.url)
        answer = requests.Response()
        answer.status_code = 204
        return answer

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    proxy_guard.install(())
    with requests.Session() as session:
        assert session.get("http://films.example/").status_code == 204
        with pytest.raises(requests.exceptions.ConnectionError):
            session.get("http://127.0.0.1:9/")
    assert sent == ["http://films.example/"]


def test_only_the_handler_that_is_checked_remains() -> None:
    with yt_dlp.YoutubeDL({"quiet": True}) as client:
        proxy_guard.only_requests(client)
        assert set(client._request_director.handlers) == {"Requests"}
