"""The program that delivers messages to one target; started by sender.py alone, confined, behind the gateway.

Standard input: the order, one JSON line with `kind`, `url`, `secret`, `way` and `messages`. Standard output: for each
message one line with its number and the answer; it ends with the first message that was not delivered.
An answer is a short code: `ok`, `http_500`, `timeout`, `unreachable`, `blocked`, `rejected` or `invalid`.
It contains no text of a server, which could repeat a secret.
"""

import importlib
import json
import logging
import smtplib
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import requests

from mediafetcher.fetch import gateway_client
from mediafetcher.net import egress
from mediafetcher.notifications.apprise_schemes import SCHEMES
from mediafetcher.sandbox import profiles

OK = "ok"
_SECONDS = (10.0, 15.0)  # to connect, and between two bytes of the answer
_AGENT = "MediaFetcher"
Message = dict[str, Any]
Send = Callable[[Message], str]


def main() -> None:
    order = json.loads(sys.stdin.buffer.readline())
    way = gateway_client.Way(**order["way"])
    profiles.shut_in_sender(way.port)
    gateway_client.install(way)
    logging.disable()  # Apprise logs addresses with their secrets
    try:
        send = _KINDS[order["kind"]](order)
    except Exception:  # foreign code, for any URL that a user may type
        _say(0, "invalid")
        return
    if order["messages"] == []:
        _say(0, OK)
    for number, message in enumerate(order["messages"]):
        try:
            answer = send(message)
        except Exception as error:  # of a foreign plugin, or of the network
            answer = _answer(error)
        _say(number, answer)
        if answer != OK:
            return


def _say(number: int, answer: str) -> None:
    sys.stdout.write(json.dumps([number, answer]) + "\n")
    sys.stdout.flush()


def _answer(error: BaseException | None) -> str:
    """Return the short code of an error, by its class and those of its causes."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        inner = getattr(error, "reason", None)
        inner = inner if isinstance(inner, BaseException) else None
        argument = next((one for one in error.args if isinstance(one, BaseException)), None)
        error = error.__cause__ or error.__context__ or inner or argument
    if any(isinstance(one, egress.Blocked) for one in seen):
        return "blocked"
    if any(isinstance(one, TimeoutError | requests.exceptions.Timeout) for one in seen):
        return "timeout"
    if any(isinstance(one, smtplib.SMTPResponseException) for one in seen):
        return "rejected"
    return "unreachable" if any(isinstance(one, OSError) for one in seen) else "rejected"


def _status(answer: requests.Response) -> str:
    return OK if 200 <= answer.status_code < 300 else f"http_{answer.status_code}"


def _request(method: str, url: str, **given: Any) -> str:
    """Send one request without redirects, and do not read the answer's body."""
    headers = {"User-Agent": _AGENT, **given.pop("headers", {})}
    with requests.Session() as session:
        session.trust_env = False
        with session.request(
            method, url, headers=headers, timeout=_SECONDS, allow_redirects=False, stream=True, **given
        ) as answer:
            return _status(answer)


# ---- webhooks --------------------------------------------------------------------------------------------


def _webhook(order: dict[str, Any]) -> Send:
    from standardwebhooks import Webhook

    signer = Webhook(order["secret"])
    url, credentials = _without_credentials(order["url"])

    def send(message: Message) -> str:
        body = message["body"]
        now = datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message["id"],
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signer.sign(message["id"], now, body),
        }
        return _request("POST", url, data=body.encode(), headers=headers, auth=credentials)

    return send


def _without_credentials(url: str) -> tuple[str, tuple[str, str] | None]:
    parts = urlsplit(url)
    if parts.username is None:
        return url, None
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=place)), (unquote(parts.username), unquote(parts.password or ""))


# ---- media servers ---------------------------------------------------------------------------------------


def _jellyfin(order: dict[str, Any]) -> Send:
    base, token = _with_token(order["url"])
    headers = {"Authorization": f'MediaBrowser Token="{token}"', "X-Emby-Token": token}
    return lambda message: _request("POST", f"{base}/Library/Refresh", headers=headers)


def _plex(order: dict[str, Any]) -> Send:
    base, token = _with_token(order["url"])
    return lambda message: _request("GET", f"{base}/library/sections/all/refresh", headers={"X-Plex-Token": token})


def _kodi(order: dict[str, Any]) -> Send:
    url, credentials = _without_credentials(order["url"])
    asked = {"jsonrpc": "2.0", "id": 1, "method": "VideoLibrary.Scan"}
    return lambda message: _request("POST", f"{url.rstrip('/')}/jsonrpc", json=asked, auth=credentials)


def _with_token(url: str) -> tuple[str, str]:
    """Return the address without its token, and the token: the part before the @."""
    parts = urlsplit(url)
    token = unquote(parts.username or parts.password or "")
    if not token.isascii() or not token.isprintable():
        raise ValueError("no token")
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, place, quote(unquote(parts.path)).rstrip("/"), "", "")), token


# ---- Apprise ---------------------------------------------------------------------------------------------


def _apprise(order: dict[str, Any]) -> Send:
    """Use the plugin of a service. Its requests' answers are recorded, since it only returns true or false."""
    from apprise import AppriseAsset, PersistentStoreMode

    url = order["url"]
    plugin_class = plugin_of(url.partition("://")[0])
    given = plugin_class.parse_url(url)
    if not given:
        raise ValueError("not an address of this service")
    given.pop("asset", None)
    asset = AppriseAsset(
        app_id="MediaFetcher",
        app_desc="MediaFetcher",
        storage_mode=PersistentStoreMode.MEMORY,
        secure_logging=True,
        plugin_paths=[],
    )
    plugin = plugin_class(**given, asset=asset)
    noted = _note_answers()

    def send(message: Message) -> str:
        noted.clear()
        delivered = plugin.notify(title=message["title"], body=message["text"], notify_type=message["level"])
        if delivered:
            return OK
        return next((answer for answer in reversed(noted) if answer != OK), "rejected")

    return send


def plugin_of(scheme: str) -> Any:
    """Return the plugin of an allowed scheme. Raises: KeyError for other ones."""
    from apprise.plugins.base import NotifyBase

    module = importlib.import_module(f"apprise.plugins.{SCHEMES[scheme]}")
    for found in vars(module).values():
        if isinstance(found, type) and issubclass(found, NotifyBase) and scheme in protocols(found):
            return found
    raise KeyError(scheme)


def protocols(plugin: Any) -> set[str]:
    """Return the schemes of a plugin."""
    schemes: set[str] = set()
    for named in (plugin.protocol, plugin.secure_protocol):
        schemes |= {named} if isinstance(named, str) else set(named or ())
    return schemes


def _note_answers() -> list[str]:
    """Record the result of every request of this process. Returns: the list of answers."""
    noted: list[str] = []
    send, connect = requests.Session.send, smtplib.SMTP.__init__

    def noting(self: requests.Session, request: Any, **given: Any) -> requests.Response:
        self.trust_env = False
        given["timeout"] = given.get("timeout") or _SECONDS
        try:
            answer = send(self, request, **given)
        except BaseException as error:
            noted.append(_answer(error))
            raise
        noted.append(_status(answer))
        return answer

    def connecting(self: smtplib.SMTP, *given: Any, **named: Any) -> None:
        try:
            connect(self, *given, **named)
        except BaseException as error:
            noted.append(_answer(error))
            raise

    requests.Session.send = noting  # type: ignore[method-assign]
    smtplib.SMTP.__init__ = connecting  # type: ignore[method-assign]
    return noted


def _every_plugin(order: dict[str, Any]) -> Send:
    """Load the plugin of every allowed scheme: this detects a build without one of them."""
    for scheme in SCHEMES:
        plugin_of(scheme)
    return lambda message: OK


_KINDS: dict[str, Callable[[dict[str, Any]], Send]] = {
    "apprise": _apprise,
    "every plugin": _every_plugin,
    "webhook": _webhook,
    "jellyfin": _jellyfin,
    "plex": _plex,
    "kodi": _kodi,
}

if __name__ == "__main__":
    main()
