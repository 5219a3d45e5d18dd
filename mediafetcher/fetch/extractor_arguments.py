"""The extractor arguments that a user may set: a typed allow-list, and its translation for yt-dlp.

Everything else of yt-dlp's extractor arguments stays out: addresses of other hosts, keys, tokens, device ids and
identities of a session. A value is a choice, a language or a name, so none can carry an address or a secret.
"""

import re
from typing import Any, Literal

import msgspec

MAX_VALUES = 20  # of one argument
_CLIENT = re.compile(r"-?[a-z][a-z0-9_]{1,39}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
_FORMAT = re.compile(r"[a-z0-9*_]{1,40}")


def _require(values: tuple[str, ...], pattern: re.Pattern[str], name: str, expected: str) -> None:
    if len(values) > MAX_VALUES or not all(pattern.fullmatch(one) for one in values):
        raise ValueError(f"{name} must be {expected}")


class YouTube(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Arguments of the videos of YouTube."""

    player_client: tuple[str, ...] = ()  # names of clients; `default`, `all`, and `-name` to leave one out
    lang: str | None = None  # language of titles and descriptions, such as `fr`
    skip: tuple[Literal["hls", "dash", "translated_subs"], ...] = ()
    formats: tuple[Literal["incomplete", "missing_pot"], ...] = ()  # formats that are left out otherwise
    fetch_pot: Literal["auto", "always", "never"] | None = None  # when the PO token provider is asked

    def __post_init__(self) -> None:
        _require(self.player_client, _CLIENT, "youtube.player_client", "names of clients such as tv or -web")
        _require((self.lang,) if self.lang else (), _LANGUAGE, "youtube.lang", "a language such as fr or pt-BR")


class YouTubeTab(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Arguments of the channels and lists of YouTube."""

    skip: tuple[Literal["webpage", "authcheck"], ...] = ()
    approximate_date: bool = False  # dates of list entries from texts such as "2 days ago"


class Twitter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Arguments of X."""

    api: Literal["graphql", "legacy", "syndication"] | None = None


class Vimeo(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Arguments of Vimeo."""

    client: Literal["android", "web"] | None = None
    original_format_policy: Literal["always", "never", "auto"] | None = None


class SoundCloud(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Arguments of SoundCloud."""

    formats: tuple[str, ...] = ()  # such as `http_aac` or `*_mp3`, the best first

    def __post_init__(self) -> None:
        _require(self.formats, _FORMAT, "soundcloud.formats", "names such as http_aac or *_mp3")


class ExtractorArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The allow-list: one field for each extractor, by yt-dlp's name of it."""

    youtube: YouTube | None = None
    youtubetab: YouTubeTab | None = None
    twitter: Twitter | None = None
    vimeo: Vimeo | None = None
    soundcloud: SoundCloud | None = None


_GROUPS: dict[str, type[msgspec.Struct]] = {
    "youtube": YouTube, "youtubetab": YouTubeTab, "twitter": Twitter, "vimeo": Vimeo, "soundcloud": SoundCloud,
}  # fmt: skip


def for_ytdlp(arguments: ExtractorArguments | None) -> dict[str, dict[str, list[str]]]:
    """Return the arguments in the form of yt-dlp's option `extractor_args`, without those left at their default."""
    given: dict[str, dict[str, Any]] = msgspec.to_builtins(arguments) if arguments else {}
    found = {name: {key: _texts(value) for key, value in values.items()} for name, values in given.items()}
    return {name: values for name, values in found.items() if values}


def from_text(lines: list[str]) -> ExtractorArguments | None:
    """Return the arguments of lines such as `youtube:player_client=tv,web`; None without lines. Raises: ValueError."""
    given: dict[str, dict[str, Any]] = {}
    for line in lines:
        extractor, _, rest = line.partition(":")
        name, equal, value = rest.partition("=")
        if not equal:
            raise ValueError(f"{line!r} is not EXTRACTOR:ARGUMENT=VALUE[,VALUE...]")
        given.setdefault(extractor, {})[name] = _typed(extractor, name, value)
    return msgspec.convert(given, ExtractorArguments) if given else None


def _typed(extractor: str, name: str, value: str) -> Any:
    """Return a typed value in the form that its field expects. Raises: ValueError for an unknown argument."""
    group = _GROUPS.get(extractor)
    known = msgspec.structs.fields(group) if group else ()
    field = next((one for one in known if one.name == name), None)
    if field is None:
        raise ValueError(f"{extractor}:{name} is not an allowed extractor argument")
    if field.type is bool:
        return value.lower() in ("true", "yes", "1")
    return [one.strip() for one in value.split(",")] if field.default == () else value


def _texts(value: Any) -> list[str]:
    if isinstance(value, bool):
        return ["true"] if value else []
    return [value] if isinstance(value, str) else [str(one) for one in value]
