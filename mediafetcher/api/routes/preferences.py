"""/api/preferences: what a user chose on the page, for all their browsers."""

from typing import Annotated, Literal

import msgspec
from litestar.params import JSONBody

from mediafetcher.accounts.auth import preferences
from mediafetcher.api.responses import Asked
from mediafetcher.api.routes.items import Sort
from mediafetcher.downloads.presets import MAX_NAME
from mediafetcher.fetch.options import MAX_AUDIO_LANGUAGES, Options

Theme = Literal["system", "light", "dark"]
Tag = Annotated[str, msgspec.Meta(max_length=35, pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?$")]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
AudioLanguages = Annotated[tuple[str, ...], msgspec.Meta(max_length=MAX_AUDIO_LANGUAGES)]
Rate = Annotated[float, msgspec.Meta(ge=0.25, le=4)]
Folder = Annotated[str, msgspec.Meta(max_length=4096)]
Quality = Annotated[str, msgspec.Meta(pattern=r"^(best|max|m4a|mp3|[1-9][0-9]{2,3})$")]
PresetName = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]


class Preferences(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Preferences; null: not chosen. In a change, a field that is not given stays, and null removes it.

    `language` of the page; `captions`: their language, "" for none; `volume` from 0 to 1; `rate`: speed of the player;
    `sort`: order of the library; `audio_languages`: those of `options`, for downloads that wish for none.
    `download_folder`, `download_quality`, `download_preset`: what the page used for the last download; "" for none,
    and a quality is "best" (the default), "max", a number of lines, or a kind of audio file.
    """

    theme: Theme | msgspec.UnsetType | None = msgspec.UNSET
    language: Tag | msgspec.UnsetType | None = msgspec.UNSET
    volume: Share | msgspec.UnsetType | None = msgspec.UNSET
    muted: bool | msgspec.UnsetType | None = msgspec.UNSET
    rate: Rate | msgspec.UnsetType | None = msgspec.UNSET
    captions: Tag | msgspec.UnsetType | None = msgspec.UNSET
    sort: Sort | msgspec.UnsetType | None = msgspec.UNSET
    audio_languages: AudioLanguages | msgspec.UnsetType | None = msgspec.UNSET
    download_folder: Folder | msgspec.UnsetType | None = msgspec.UNSET
    download_quality: Quality | msgspec.UnsetType | None = msgspec.UNSET
    download_preset: PresetName | msgspec.UnsetType | None = msgspec.UNSET

    def __post_init__(self) -> None:
        if isinstance(self.audio_languages, tuple):
            Options(audio_languages=self.audio_languages)  # raises for what is no language


async def show(request: Asked) -> Preferences:
    """Get the preferences of the user."""
    return _known(await preferences.get(request.user.id))


async def change(data: JSONBody[Preferences], request: Asked) -> Preferences:
    """Change some preferences, and get all of them."""
    return _known(await preferences.change(request.user.id, msgspec.to_builtins(data)))


def _known(values: dict[str, object]) -> Preferences:
    """Return the values that this version knows: a newer one may have written others."""
    known = Preferences()
    for name in Preferences.__struct_fields__:
        if name in values:
            try:
                one = msgspec.convert({name: values[name]}, Preferences)
            except msgspec.ValidationError:
                continue
            setattr(known, name, getattr(one, name))
    return known
