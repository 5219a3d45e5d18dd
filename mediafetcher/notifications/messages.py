"""Texts of events, for services that show text. Several events of a minute become one message."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from mediafetcher.notifications import event_types as types

Language = Literal["en", "fr", "de"]
Level = Literal["info", "success", "warning", "failure"]
Data = dict[str, Any]
_MAX_LINES = 20
_MAX_TITLE = 200  # characters

_LEVELS: dict[str, Level] = {
    types.DOWNLOAD_DONE: "success",
    types.DOWNLOAD_FAILED: "failure",
    types.DOWNLOAD_NEEDS_ACTION: "warning",
    types.SUBSCRIPTION_FAILING: "warning",
    types.STORAGE_AWAY: "failure",
    types.STORAGE_FULL: "failure",
    types.IMPORT_DONE: "success",
    types.LAST_COPY: "warning",
}
_ORDER: tuple[Level, ...] = ("info", "success", "warning", "failure")


class Message(NamedTuple):
    """The text that a service shows."""

    title: str
    body: str
    level: Level


class _Words(NamedTuple):
    several: str
    more: str
    test: str
    events: dict[str, Callable[[Data], str]]


def _title(data: Data) -> str:
    return str(data.get("title") or data.get("site") or f"#{data.get('download', '')}")[:_MAX_TITLE]


def _error(data: Data) -> str:
    error = data.get("error") or {}
    return str(error.get("message") or error.get("code") or "")[:300]


_ENGLISH = _Words(
    "MediaFetcher: {count} events",
    "and {count} more",
    "This is a test of MediaFetcher's notifications.",
    {
        types.DOWNLOAD_DONE: lambda data: f"Downloaded: {_title(data)}",
        types.DOWNLOAD_FAILED: lambda data: f"Download failed: {_title(data)}. {_error(data)}",
        types.DOWNLOAD_NEEDS_ACTION: lambda data: f"Download needs you: {_title(data)}. {_error(data)}",
        types.SUBSCRIPTION_NEW: lambda data: f"New in {_title(data)}: {data.get('count', 1)}",
        types.SUBSCRIPTION_FAILING: lambda data: f"Following fails: {_title(data)}. {_error(data)}",
        types.STORAGE_AWAY: lambda data: "The media folder is unavailable. Downloads wait.",
        types.STORAGE_FULL: lambda data: "The media folder is full. Downloads wait.",
        types.YTDLP_UPDATE: lambda data: f"A newer yt-dlp helps where downloads fail: {data.get('version', '')}",
        types.IMPORT_DONE: lambda data: f"Import ended: {data.get('added', 0)} added, {data.get('failed', 0)} failed",
        types.LAST_COPY: lambda data: f"The source no longer exists. Yours is the last copy: {_title(data)}",
    },
)
_FRENCH = _Words(
    "MediaFetcher : {count} événements",
    "et {count} de plus",
    "Ceci est un essai des notifications de MediaFetcher.",
    {
        types.DOWNLOAD_DONE: lambda data: f"Téléchargé : {_title(data)}",
        types.DOWNLOAD_FAILED: lambda data: f"Échec du téléchargement : {_title(data)}. {_error(data)}",
        types.DOWNLOAD_NEEDS_ACTION: lambda data: f"Un téléchargement vous attend : {_title(data)}. {_error(data)}",
        types.SUBSCRIPTION_NEW: lambda data: f"Nouveautés dans {_title(data)} : {data.get('count', 1)}",
        types.SUBSCRIPTION_FAILING: lambda data: f"Le suivi échoue : {_title(data)}. {_error(data)}",
        types.STORAGE_AWAY: lambda data: "Le dossier multimédia est indisponible. Les téléchargements attendent.",
        types.STORAGE_FULL: lambda data: "Le dossier multimédia est plein. Les téléchargements attendent.",
        types.YTDLP_UPDATE: lambda data: f"Une version plus récente de yt-dlp aide : {data.get('version', '')}",
        types.IMPORT_DONE: lambda data: f"Import fini : {data.get('added', 0)} ajoutés, {data.get('failed', 0)} échecs",
        types.LAST_COPY: lambda data: f"La source a disparu, votre copie est la dernière : {_title(data)}",
    },
)
_GERMAN = _Words(
    "MediaFetcher: {count} Ereignisse",
    "und {count} weitere",
    "Das ist ein Test der Benachrichtigungen von MediaFetcher.",
    {
        types.DOWNLOAD_DONE: lambda data: f"Heruntergeladen: {_title(data)}",
        types.DOWNLOAD_FAILED: lambda data: f"Download fehlgeschlagen: {_title(data)}. {_error(data)}",
        types.DOWNLOAD_NEEDS_ACTION: lambda data: f"Download braucht eine Aktion: {_title(data)}. {_error(data)}",
        types.SUBSCRIPTION_NEW: lambda data: f"Neu in {_title(data)}: {data.get('count', 1)}",
        types.SUBSCRIPTION_FAILING: lambda data: f"Abo gestört: {_title(data)}. {_error(data)}",
        types.STORAGE_AWAY: lambda data: "Der Medienordner ist nicht verfügbar. Downloads warten.",
        types.STORAGE_FULL: lambda data: "Der Medienordner ist voll. Downloads warten.",
        types.YTDLP_UPDATE: lambda data: f"Eine neuere Version von yt-dlp hilft: {data.get('version', '')}",
        types.IMPORT_DONE: lambda data: (
            f"Import beendet: {data.get('added', 0)} hinzugefügt, {data.get('failed', 0)} fehlgeschlagen"
        ),
        types.LAST_COPY: lambda data: f"Die Quelle gibt es nicht mehr, diese Kopie ist die letzte: {_title(data)}",
    },
)
_WORDS: dict[Language, _Words] = {"en": _ENGLISH, "fr": _FRENCH, "de": _GERMAN}


def line(type: str, data: Data, language: Language) -> str:
    """Return one event as a sentence."""
    said = _WORDS[language].events.get(type)
    return " ".join(said(data).split()) if said else type


def compose(happened: Sequence[tuple[str, Data]], language: Language) -> Message:
    """Return one message for all these events (type, data), in their order."""
    words = _WORDS[language]
    lines = [line(type, data, language) for type, data in happened]
    level = max((_LEVELS.get(type, "info") for type, _ in happened), key=_ORDER.index)
    if len(lines) == 1:
        return Message("MediaFetcher", lines[0], level)
    if len(lines) > _MAX_LINES:
        lines = [*lines[:_MAX_LINES], words.more.format(count=len(lines) - _MAX_LINES)]
    return Message(words.several.format(count=len(happened)), "\n".join(lines), level)


def test(language: Language) -> Message:
    """Return the message that a user sends to test a target."""
    return Message("MediaFetcher", _WORDS[language].test, "info")
