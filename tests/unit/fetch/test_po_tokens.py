"""The PO token provider: it is asked from inside the child, and its token reaches the request and nothing else."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.fetch import client, token_provider
from mediafetcher.fetch.extractor_arguments import ExtractorArguments
from mediafetcher.fetch.extractor_arguments import YouTube as Arguments
from mediafetcher.fetch.options import Options
from mediafetcher.ops.doctor import token_provider as doctor
from tests.site import youtube

LINK = f"https://www.youtube.com/watch?v={youtube.VIDEO}"
MOBILE = Options(extractor_args=ExtractorArguments(youtube=Arguments(player_client=("mweb",))))


@pytest.fixture
def provider() -> Iterator[youtube.Provider]:
    with youtube.Provider() as running:
        yield running


def _use(url: str | None) -> None:
    settings.use(replace(settings.get(), po_token_provider=url))


async def _fetch(warnings: list[str], options: Options = MOBILE) -> int:
    """Fetch the video. Returns: its size."""
    folder = settings.get().work / "1"
    async with client.Fetch(LINK, options, folder, on_warning=warnings.append) as source:
        await source.info()
        return (await source.download()).size


async def test_token_of_the_provider_reaches_the_request_of_the_media(
    tube: youtube.YouTube, provider: youtube.Provider, caplog: pytest.LogCaptureFixture
) -> None:
    _use(provider.url)
    warnings: list[str] = []
    assert await _fetch(warnings) == len(tube.film)
    assert tube.players[0]["context"]["client"]["clientName"] == "MWEB"  # the extractor argument counts
    assert [query["pot"] for query in tube.media] == [[youtube.TOKEN]]
    assert provider.asked[0] == {"path": "/get_pot", "content_binding": youtube.VISITOR, "bypass_cache": False}
    assert youtube.TOKEN not in " ".join(warnings) + caplog.text


async def test_provider_is_not_asked_unless_one_is_set(tube: youtube.YouTube, provider: youtube.Provider) -> None:
    with pytest.raises(errors.Unsupported):
        await _fetch([])
    assert provider.asked == [] and tube.media == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((500, b'{"error": "no challenge"}'), "the provider answers with status 500."),
        ((200, b"[]"), "the answer of the provider has no token."),
        ((200, b'{"poToken": 7}'), "the answer of the provider has no token."),
        ((200, b"x" * 100_000), "the answer of the provider has no token."),
    ],
)
async def test_provider_without_a_token_is_named_in_the_log(
    tube: youtube.YouTube, provider: youtube.Provider, answer: tuple[int, bytes], said: str
) -> None:
    provider.answer = answer
    _use(provider.url)
    warnings: list[str] = []
    with pytest.raises(errors.Unsupported):
        await _fetch(warnings)
    assert f"No PO token: {said}" in warnings


async def test_provider_that_does_not_listen_is_named_in_the_log(tube: youtube.YouTube) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        _use(f"http://127.0.0.1:{closed.getsockname()[1]}")
        warnings: list[str] = []
        with pytest.raises(errors.Unsupported):
            await _fetch(warnings)
    assert "No PO token: the provider does not answer." in warnings


async def test_nothing_but_the_token_request_reaches_the_provider(state: Path, provider: youtube.Provider) -> None:
    """A link, and so a redirect or a list of a site, cannot lead to it."""
    settings.use(replace(settings.get(), allow_hosts=(), po_token_provider=provider.url))
    with pytest.raises(errors.BlockedAddress):
        async with client.Fetch(f"{provider.url}/ping", Options(), settings.get().work / "1") as source:
            await source.info()


async def test_state_of_the_provider_is_told(state: Path, provider: youtube.Provider) -> None:
    assert (await token_provider.status()).state == "off"
    _use(provider.url)
    assert await token_provider.status() == token_provider.TokenProvider("available", provider.url, "1.3.1")
    wrong = token_provider.look(f"{provider.url}/other")
    assert (wrong.state, wrong.reason) == ("unavailable", "it answers with status 404")


async def test_redirect_of_the_provider_leads_nowhere(state: Path, provider: youtube.Provider) -> None:
    with youtube.Provider() as other:
        provider.redirect = f"{other.url}/ping"
        shown = token_provider.look(provider.url)
        assert (shown.state, shown.reason) == ("unavailable", "it answers with status 302")
        assert other.pings == 0


def test_doctor_names_a_provider_that_does_not_answer() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        [finding] = doctor.examine(settings.Settings(po_token_provider=url))
    assert (finding.name, finding.level) == ("po_token_provider", "problem")
    assert not list(doctor.examine(settings.Settings()))
