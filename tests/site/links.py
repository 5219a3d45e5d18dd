"""Links of the fixture site that work once, only from a page, or under a name that the server sends."""

from tests.site import pages
from tests.site.server import Request

# kind -> Content-Disposition, in the bytes that are sent, and the title that follows
NAMES: dict[str, tuple[bytes, str]] = {
    "extended": (b"attachment; filename=\"plain.mp4\"; filename*=UTF-8''T%C5%B1r%C5%91%20k%C3%B6r.mp4", "Tűrő kör"),
    "latin1": (b"attachment; filename*=iso-8859-1'en'caf%E9.mp4", "café"),
    "quoted": (b'attachment; filename="A \\"quoted\\"; name.mp4"', 'A "quoted"; name'),
    "token": (b"inline; filename=plain-token.mp4", "plain-token"),
    "utf8": ('attachment; filename="Été à la mer.mp4"'.encode(), "Été à la mer"),
    "latin1-bytes": ('attachment; filename="Été.mp4"'.encode("latin-1"), "Été"),
    "encoded-word": (b'attachment; filename="=?UTF-8?B?w4l0w6kgMjAyNA==?=.mp4"', "Été 2024"),
    "percent": (b'attachment; filename="%C3%89t%C3%A9%202025.mp4"', "Été 2025"),
    "continued": (b"attachment; filename*0*=UTF-8''%C3%89t; filename*1*=%C3%A9%20lu.mp4", "Été lu"),
    "folders": (b'attachment; filename="..\\\\..\\\\etc/passwd/film.mp4"', "film"),
    "controls": ('attachment; filename="mov\u202e\u00a0film.mp4"'.encode(), "mov film"),
    "none": (b"attachment", "ok"),
}


def once(request: Request) -> None:
    """/once/<bytes>/<file>: the first GET is answered, and is cut off after so many bytes; 0: it does not.

    Only the rest is given after that.
    """
    after, _, name = request.rest.partition("/")
    if request.command == "HEAD":
        return request.send_file(request.site.file(name))
    times = sum(entry["path"] == request.path and entry["method"] == "GET" for entry in request.site.log)
    rest = request.headers.get("Range") and request.headers.get("If-Range")
    if times > 1 and not rest:
        return request.send(410, "this link was used")
    request.send_file(request.site.file(name), drop=int(after) if int(after) and times == 1 else None)


def refuses_head(request: Request) -> None:
    """/refuses-head/<file>: only GET is allowed."""
    if request.command == "HEAD":
        return request.send(405, "no")
    request.send_file(request.site.file(request.rest))


def named(request: Request) -> None:
    """/named/<kind>/<file>"""
    kind, _, name = request.rest.partition("/")
    request.send_file(request.site.file(name), Content_Disposition=NAMES[kind][0].decode("latin-1"))


def guarded(request: Request) -> None:
    """/guarded/<kind>/<file>: only from a page.

    `own`: any page of this host, and silent about it. `page`: the page that plays it. `told`: says why it refuses.
    """
    kind, _, name = request.rest.partition("/")
    page = f"{request.base}/guarded/page/films"
    if name == "films":
        films = "".join(f'<video src="/guarded/page/{film}"></video>' for film in ("ok.mp4", "a.mp3"))
        return request.send(200, pages.page("Films", "", films))
    came_from = request.headers.get("Referer") or ""
    if came_from == page or (kind == "own" and came_from.startswith(request.base)):
        return request.send_file(request.site.file(name))
    request.send(403, pages.page("No", "", "<p>Hotlinking is not allowed.</p>" if kind == "told" else "<p>No.</p>"))
