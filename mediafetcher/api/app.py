"""The Litestar application and the table of all routes.

Each route states its method, path, handler, access and the problems that it adds to those of every route. A route that
is not in the table does not exist. `server.py` answers the routes whose handler is `None`.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from litestar import Litestar, Request, Response, Router
from litestar.exceptions import MethodNotAllowedException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, Reference, SecurityScheme

from mediafetcher import __version__
from mediafetcher.api import auth, problems, request_guard
from mediafetcher.api.auth import ACCOUNT, ADMIN, DOWNLOAD, DOWNLOADS, LIBRARY, METRICS, OPEN, OPTIONAL, READ, Who
from mediafetcher.api.routes import (
    account,
    audit,
    bulk_downloads,
    channels,
    cookies,
    devices,
    downloads,
    events,
    exports,
    extension,
    folders,
    home,
    items,
    lists,
    metrics,
    notifications,
    preferences,
    presets,
    shares,
    site_rules,
    sources,
    store,
    subscriptions,
    system,
    ytdlp,
)
from mediafetcher.core import errors as e

Kinds = tuple[type[e.Problem], ...]


class Route(NamedTuple):
    """A route. `handler` is None if `server.py` answers: Litestar cannot serve ranges."""

    method: str
    path: str
    handler: Callable[..., Any] | None
    who: Who
    problems: Kinds = ()
    status: int | None = None


_PASSWORD: Kinds = (e.WrongCredentials, e.WeakPassword, e.TooManyRequests)
_SEALED: Kinds = (e.DecryptionFailed, e.NotPaired, e.PairingCode, e.Replayed, e.WrongClock, e.TooManyRequests)
_GONE: Kinds = (e.NotFound,)
_STATE: Kinds = (e.NotFound, e.InvalidState)
_LINK: Kinds = (e.InvalidUrl, e.UnsupportedScheme)
_PREVIEW: Kinds = (*_LINK, e.FetchProblem, e.TooManyRequests, e.Unavailable)
_FOLLOW: Kinds = (*_LINK, e.NotFound, e.InvalidPattern, e.AlreadyFollowed, e.TooManySubscriptions)
_LOAD: Kinds = (e.UnknownList, e.NotFound, e.InvalidPattern)
_DRY_RUN: Kinds = (*_PREVIEW, e.NotFound, e.InvalidPattern)
_WISH: Kinds = (e.NotFound, e.InvalidUrl, e.UnsupportedScheme, e.SourceBlocked, e.QuotaExceeded)
_TARGET: Kinds = (e.UnsupportedTarget, e.TargetNotAllowed, e.TooManyTargets)
_FILE: Kinds = (e.NotFound, e.MediaOffline)

ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/health", system.health, OPEN, (e.DatabaseUnavailable,)),
    Route("GET", "/metrics", None, METRICS),
    Route("GET", "/api/metrics", metrics.read, METRICS),
    Route("GET", "/api/system", system.overview, READ),
    Route("GET", "/api/settings", system.effective_settings, ADMIN),
    Route("GET", "/api/events", events.stream, READ),
    Route("PATCH", "/api/settings", system.change_settings, ADMIN, (e.PinnedSetting,)),
    Route("GET", "/api/store", store.show, ADMIN, (e.MediaOffline,)),
    Route("POST", "/api/store", store.decide, ADMIN, (e.MediaOffline, e.MediaReadOnly, e.InvalidState), 200),
    Route("GET", "/api/store/files", store.unknown, ADMIN, (e.MediaOffline,)),
    Route("POST", "/api/store/adopt", store.adopt, ADMIN, (e.MediaOffline, e.MediaReadOnly, e.StoreFrozen), 200),
    Route("GET", "/api/ytdlp", ytdlp.show, ADMIN),
    Route("GET", "/api/ytdlp/token-provider", ytdlp.provider, ADMIN),
    Route("POST", "/api/ytdlp", ytdlp.manage, ADMIN, (e.IndexUnavailable, e.NoPreviousVersion, e.NothingOffered), 200),
    # accounts and sessions
    Route("GET", "/api/session", account.state, OPTIONAL),
    Route("POST", "/api/setup", account.set_up, OPTIONAL, (*_PASSWORD, e.InvalidSetupCode, e.SetupClosed, e.NameTaken)),
    Route("POST", "/api/session", account.sign_in, OPEN, _PASSWORD),
    Route("DELETE", "/api/session", account.sign_out, OPTIONAL),
    Route("GET", "/api/sessions", account.open_sessions, ACCOUNT),
    Route("DELETE", "/api/sessions/{id:int}", account.end_session, ACCOUNT, _GONE),
    Route("GET", "/api/tokens", account.own_tokens, ACCOUNT),
    Route("POST", "/api/tokens", account.make_token, ACCOUNT),
    Route("DELETE", "/api/tokens/{id:int}", account.end_token, ACCOUNT, _GONE),
    Route("GET", "/api/preferences", preferences.show, ACCOUNT),
    Route("PATCH", "/api/preferences", preferences.change, ACCOUNT),
    Route("GET", "/api/users", account.everybody, ADMIN),
    Route("POST", "/api/users", account.add_user, ADMIN, (e.WeakPassword, e.NameTaken)),
    Route("PATCH", "/api/users/{id:int}", account.change_user, ACCOUNT, (*_PASSWORD, *_GONE, e.LastAdmin)),
    Route("DELETE", "/api/users/{id:int}", account.remove_user, ADMIN, (e.NotFound, e.LastAdmin, e.Conflict)),
    Route("GET", "/api/audit", audit.page, ADMIN),
    # downloads and sources
    Route("POST", "/api/downloads", downloads.submit, DOWNLOAD, _WISH),
    Route("GET", "/api/downloads", downloads.page, DOWNLOADS),
    Route("POST", "/api/preview", downloads.preview, DOWNLOAD, _PREVIEW, 200),
    Route("GET", "/api/downloads/{id:int}", downloads.get, DOWNLOADS, _GONE),
    Route("GET", "/api/downloads/{id:int}/log", downloads.journal, DOWNLOADS, _GONE),
    Route("POST", "/api/downloads/actions", bulk_downloads.act, DOWNLOAD, (), 200),
    Route("PUT", "/api/downloads/order", bulk_downloads.order, DOWNLOAD, _GONE, 204),
    Route("PATCH", "/api/downloads/{id:int}", downloads.prioritise, DOWNLOAD, _STATE),
    Route("DELETE", "/api/downloads/{id:int}", downloads.clear, DOWNLOAD, _STATE),
    Route("POST", "/api/downloads/{id:int}/cancel", downloads.cancel, DOWNLOAD, _STATE, 200),
    Route("POST", "/api/downloads/{id:int}/retry", downloads.retry, DOWNLOAD, (*_STATE, e.SourceBlocked), 200),
    Route("POST", "/api/downloads/{id:int}/pause", downloads.pause, DOWNLOAD, _STATE, 200),
    Route("POST", "/api/downloads/{id:int}/resume", downloads.resume, DOWNLOAD, (*_STATE, e.SourceBlocked), 200),
    Route("GET", "/api/sources", sources.page, DOWNLOADS),
    Route("POST", "/api/sources/never", sources.mark_link, DOWNLOAD, (e.InvalidUrl, e.UnsupportedScheme), 200),
    Route("GET", "/api/sources/{id:int}/never", sources.get, DOWNLOADS, _GONE),
    Route("PUT", "/api/sources/{id:int}/never", sources.mark, DOWNLOAD, _GONE, 204),
    Route("DELETE", "/api/sources/{id:int}/never", sources.unmark, DOWNLOAD, _GONE),
    # cookies, devices and the extension
    Route("GET", "/api/cookies", cookies.sites, DOWNLOADS),
    Route("PUT", "/api/cookies/{site:str}", cookies.put, DOWNLOAD, (e.BadCookies, e.PlainHttp)),
    Route("DELETE", "/api/cookies/{site:str}", cookies.remove, DOWNLOAD, _GONE),
    Route("GET", "/api/devices", devices.page, ACCOUNT),
    Route("POST", "/api/devices", devices.offer, ACCOUNT),
    Route("DELETE", "/api/devices/{id:int}", devices.remove, ACCOUNT, _GONE),
    Route("POST", "/api/ext/send", devices.send, OPEN, _SEALED, 200),
    Route("GET", "/api/extension", extension.packages, READ, _GONE),
    Route("GET", "/api/extension/{browser:str}", extension.package, READ, _GONE),
    # the library
    Route("GET", "/api/items", items.page, READ, _GONE),
    Route("POST", "/api/items", items.copy, LIBRARY, _GONE),
    Route("GET", "/api/sites", items.sites, READ),
    Route("GET", "/api/items/{id:int}", items.get, READ, _GONE),
    Route("PATCH", "/api/items/{id:int}", items.change, LIBRARY, _GONE),
    Route("DELETE", "/api/items/{id:int}", items.trash, LIBRARY, _GONE, 200),
    Route("GET", "/api/items/{id:int}/deletion", items.deletion, READ, _GONE),
    Route("POST", "/api/items/{id:int}/refetch", items.refetch, DOWNLOAD, (*_STATE, e.SourceBlocked)),
    Route("POST", "/api/items/{id:int}/refresh-metadata", items.refresh_metadata, DOWNLOAD, (*_STATE, *_PREVIEW), 200),
    Route("POST", "/api/items/{id:int}/convert", items.convert, DOWNLOAD, _STATE),
    Route("POST", "/api/items/move", items.move_several, LIBRARY, _GONE, 200),
    Route("POST", "/api/items/copy", items.copy_several, LIBRARY, _GONE, 200),
    Route("POST", "/api/items/trash", items.trash_several, LIBRARY, _GONE, 200),
    Route("POST", "/api/items/restore", items.restore_several, LIBRARY, _GONE, 200),
    Route("POST", "/api/items/watched", items.mark_several_watched, READ, _GONE, 200),
    Route("GET", "/api/home", home.rows, READ),
    Route("GET", "/api/history", lists.history, READ),
    Route("GET", "/api/channels", channels.page, READ),
    Route("GET", channels.PREFIX + "{id:path}", channels.get, READ, _GONE),
    Route("GET", "/api/lists", lists.page, READ),
    Route("GET", "/api/lists/{id:int}", lists.get, READ, _GONE),
    Route("PUT", "/api/items/{id:int}/watched", items.mark_watched, READ, _GONE, 204),
    Route("PUT", "/api/items/{id:int}/position", items.watched, READ, _GONE, 204),
    Route("POST", "/api/items/{id:int}/restore", items.restore, LIBRARY, _GONE, 200),
    Route("GET", "/api/trash", items.trashed, READ),
    Route("DELETE", "/api/trash", items.purge, LIBRARY, (), 200),
    Route("GET", "/api/trash/deletion", items.purging, READ, _GONE),
    Route("GET", "/api/folders", folders.tree, READ),
    Route("POST", "/api/folders", folders.make, LIBRARY),
    Route("PATCH", "/api/folders/{id:int}", folders.change, LIBRARY, (e.NotFound, e.NameTaken)),
    Route("POST", "/api/folders/{id:int}/copy", folders.copy, LIBRARY, (e.NotFound, e.NameTaken)),
    Route("DELETE", "/api/folders/{id:int}", folders.remove, LIBRARY, _GONE, 200),
    # export
    Route("POST", "/api/export/preview", exports.preview, READ, (), 200),
    Route("GET", "/api/export/trees", exports.page, ADMIN),
    Route("PATCH", "/api/export/trees/{id:int}", exports.change, ADMIN, _GONE),
    # shares
    Route("GET", "/api/shares", shares.page, LIBRARY),
    Route("POST", "/api/shares", shares.make, LIBRARY, (e.NotFound, e.TooManyTargets)),
    Route("DELETE", "/api/shares/{id:int}", shares.revoke, LIBRARY, _GONE),
    # following
    Route("GET", "/api/presets", presets.page, DOWNLOADS),
    Route("GET", "/api/presets/{name:str}", presets.get, DOWNLOADS, _GONE),
    Route("PUT", "/api/presets/{name:str}", presets.save, DOWNLOAD),
    Route("DELETE", "/api/presets/{name:str}", presets.remove, DOWNLOAD, _GONE),
    Route("GET", "/api/site-rules", site_rules.page, DOWNLOADS),
    Route("GET", "/api/sites/{site:str}", site_rules.get, DOWNLOADS),
    Route("PATCH", "/api/sites/{site:str}", site_rules.change, DOWNLOAD, (e.NotFound, e.PlainHttp)),
    Route("DELETE", "/api/sites/{site:str}", site_rules.remove, DOWNLOAD, _GONE),
    Route("GET", "/api/subscriptions", subscriptions.page, DOWNLOADS),
    Route("POST", "/api/subscriptions", subscriptions.follow, DOWNLOAD, _FOLLOW),
    Route("POST", "/api/subscriptions/import", subscriptions.load, DOWNLOAD, _LOAD, 200),
    Route("GET", "/api/subscriptions/export", subscriptions.dump, DOWNLOADS),
    Route("POST", "/api/subscriptions/preview", subscriptions.preview, DOWNLOAD, _DRY_RUN, 200),
    Route("GET", "/api/subscriptions/{id:int}", subscriptions.get, DOWNLOADS, _GONE),
    Route("PATCH", "/api/subscriptions/{id:int}", subscriptions.change, DOWNLOAD, _FOLLOW),
    Route("DELETE", "/api/subscriptions/{id:int}", subscriptions.unfollow, DOWNLOAD, _GONE),
    Route("POST", "/api/subscriptions/{id:int}/check", subscriptions.check, DOWNLOAD, _STATE, 202),
    Route(
        "POST", "/api/subscriptions/{id:int}/retention", subscriptions.preview_retention, DOWNLOADS, _GONE, 200
    ),
    Route("GET", "/api/subscriptions/{id:int}/entries", subscriptions.ledger, DOWNLOADS, _GONE),
    Route(
        "POST", "/api/subscriptions/{id:int}/entries/{entry:int}/download", subscriptions.download, DOWNLOAD, _WISH, 202
    ),
    Route("POST", "/api/subscriptions/check", subscriptions.check_all, DOWNLOAD, (), 202),
    # notifications
    Route("GET", "/api/notifications", notifications.page, READ),
    Route("POST", "/api/notifications/read", notifications.read, READ, (), 204),
    Route("GET", "/api/notifications/targets", notifications.own_targets, LIBRARY),
    Route("POST", "/api/notifications/targets", notifications.add_target, LIBRARY, _TARGET),
    Route("PATCH", "/api/notifications/targets/{id:int}", notifications.change_target, LIBRARY, _GONE),
    Route("DELETE", "/api/notifications/targets/{id:int}", notifications.remove_target, LIBRARY, _GONE),
    Route("POST", "/api/notifications/targets/{id:int}/test", notifications.test_target, LIBRARY, _GONE, 200),
    # media files
    Route("GET", "/media/{id:int}", None, READ, _FILE),
    Route("GET", "/media/{id:int}/poster", None, READ, _FILE),
    Route("GET", "/media/{id:int}/subtitles/{lang:str}", None, READ, _FILE),
)  # fmt: skip

_PATTERNS = [(route.method, re.compile(re.sub(r"\{\w+:(int|str|path)\}", "[^/]+", route.path))) for route in ROUTES]
# Routes that do not answer with JSON.
_DOCUMENTED: dict[Any, dict[int, ResponseSpec]] = {
    events.stream: events.DOCUMENTED,
    extension.package: extension.DOCUMENTED,
    metrics.read: metrics.DOCUMENTED,
    account.sign_out: {204: ResponseSpec(None, generate_examples=False, description="Signed out")},
}
_UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def _problems(route: Route) -> dict[int, ResponseSpec]:
    """Describe the problems of a route for the documentation. Returns: by status, each with its codes."""
    kinds: list[type[e.Problem]] = [e.Invalid, *route.problems, e.TooManyRequests]
    if not route.who.open:
        kinds += [e.NotSignedIn, e.Forbidden]
    if route.method in _UNSAFE:
        kinds += [e.CrossSite, e.NotJson, e.TooLargeBody, e.TooSlow]
    codes: dict[int, list[str]] = {}
    for kind in kinds:
        codes.setdefault(kind.status, []).append(kind.code)
    return {
        status: ResponseSpec(
            problems.Problem, generate_examples=False, description=", ".join(dict.fromkeys(found)),
            media_type=problems.MEDIA_TYPE,
        )
        for status, found in sorted(codes.items())
    }  # fmt: skip


def _handler(route: Route) -> HTTPRouteHandler:
    assert route.handler is not None
    noun = route.handler.__module__.rpartition(".")[2]
    return HTTPRouteHandler(
        route.path,
        http_method=route.method,  # type: ignore[arg-type]
        status_code=route.status,
        opt={"who": route.who},
        operation_id=f"{noun}_{route.handler.__name__}",
        summary=(route.handler.__doc__ or "").strip().partition("\n")[0],
        tags=[noun],
        responses=_problems(route) | _DOCUMENTED.get(route.handler, {}),
        security=[] if route.who.open else [{"session": []}, {"token": []}],
    )(route.handler)


def _wrong_method(request: Request[Any, Any, Any], _: Exception) -> Response[bytes]:
    """Answer 405 with the methods that the address supports."""
    path = request.scope["path"].rstrip("/")
    allowed = sorted({method for method, pattern in _PATTERNS if pattern.fullmatch(path)})
    return problems.handle(request, e.MethodNotAllowed(allow=", ".join(allowed)))


@cache
def make() -> Litestar:
    """Build the application from all routes that have a handler, once. It needs no database until its first request."""
    security: dict[str, SecurityScheme | Reference] = {
        "session": SecurityScheme(type="apiKey", name=auth.COOKIE, security_scheme_in="cookie"),
        "token": SecurityScheme(type="http", scheme="bearer"),
    }
    return Litestar(
        [_handler(route) for route in ROUTES if route.handler is not None],
        guards=[auth.guard],
        exception_handlers={Exception: problems.handle, MethodNotAllowedException: _wrong_method},
        request_max_body_size=request_guard.MOST_BODY,
        logging_config=None,
        debug=False,
        openapi_config=OpenAPIConfig(
            title="MediaFetcher",
            version=__version__,
            use_handler_docstrings=True,
            components=Components(security_schemes=security),
            openapi_router=Router("/api/schema", route_handlers=[], opt={"who": OPEN}, include_in_schema=False),
            render_plugins=[JsonRenderPlugin()],
        ),
    )
