"""docs/sites.md against the installed yt-dlp and the allow-list of extractor arguments."""

import re
from pathlib import Path
from typing import Any

import msgspec
from yt_dlp.extractor.youtube import YoutubeIE
from yt_dlp.extractor.youtube._base import INNERTUBE_CLIENTS, StreamingProtocol

from mediafetcher.fetch.extractor_arguments import ExtractorArguments

TEXT = (Path(__file__).parents[2] / "docs/sites.md").read_text()


def _rows(heading: str) -> list[list[str]]:
    """The rows of the table whose head begins with this cell."""
    lines = TEXT[TEXT.index(f"| {heading} |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_named_default_clients_are_those_of_the_installed_version() -> None:
    named = [tuple(re.findall(r"`(\w+)`", clients)) for _, clients in _rows("Situation")]
    assert named == [
        YoutubeIE._DEFAULT_CLIENTS,
        YoutubeIE._DEFAULT_JSLESS_CLIENTS,
        YoutubeIE._DEFAULT_AUTHED_CLIENTS,
        YoutubeIE._DEFAULT_PREMIUM_CLIENTS,
    ]


def test_needs_of_each_default_client_are_those_of_the_installed_version() -> None:
    said = {row[0].strip("`"): row[1:] for row in _rows("Client")}
    used = {client for clients in _rows("Situation") for client in re.findall(r"`(\w+)`", clients[1])}
    assert said == {client: _needs(INNERTUBE_CLIENTS[client]) for client in used}


def _needs(client: dict[str, Any]) -> list[str]:
    token = client["GVS_PO_TOKEN_POLICY"][StreamingProtocol.HTTPS].required
    cookies = "can be used" if client["SUPPORTS_COOKIES"] else "no"
    return [
        "needed" if client["REQUIRE_JS_PLAYER"] else "no",
        "needed" if token else "no",
        "required" if client["REQUIRE_AUTH"] else cookies,
    ]


def test_every_extractor_argument_is_documented_and_known_to_the_installed_version() -> None:
    import yt_dlp.extractor as extractors

    folder = Path(extractors.__file__).parent
    files = {"youtube": "youtube/_video.py", "youtubetab": "youtube/_tab.py"}
    said = {row[0].strip("`") for row in _rows("Argument")}
    allowed = set()
    for group in msgspec.structs.fields(ExtractorArguments):
        [struct] = [one for one in group.type.__args__ if one is not type(None)]
        source = (folder / files.get(group.name, f"{group.name}.py")).read_text()
        base = (folder / "youtube/_base.py").read_text()
        for field in msgspec.structs.fields(struct):
            allowed.add(f"{group.name}:{field.name}")
            assert re.search(rf"_configuration_arg\(\s*'{field.name}'", source + base), field.name
    assert said == allowed
