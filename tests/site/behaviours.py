"""The behaviours of the fixture site: one table, from the first part of the path to a function of a few lines.

A path is /<behaviour>/<arguments>/<file>. Files are those of the corpus (media.py).
"""

import struct
import time
import zlib
from collections.abc import Callable
from typing import NamedTuple

from tests.site import broadcasts, clocks, dash_live, described, links, odd, pages, playlists, texts
from tests.site.channels import Channel, Film
from tests.site.server import Request


class Behaviour(NamedTuple):
    answer: Callable[[Request], None]
    usage: str
    example: str


def answer(request: Request) -> None:
    """Answer by the table; what is not in it is not found."""
    behaviour = TABLE.get(request.name)
    if behaviour:
        behaviour.answer(request)
    elif not request.name:
        request.send(200, pages.index(TABLE, request.base))
    else:
        request.send(404, "not found")


def free_box(text: str) -> bytes:
    """An MP4 box that means nothing: other bytes, the same film (ISO/IEC 14496-12, 8.1.2)."""
    body = text.encode()
    return struct.pack(">I4s", 8 + len(body), b"free") + body


def _argument(request: Request) -> tuple[str, str]:
    first, _, rest = request.rest.partition("/")
    return first, rest


def _media(request: Request) -> None:
    request.send_file(request.site.file(request.rest))


def _stream(request: Request) -> None:
    request.send_file(request.site.file(f"{request.name}/{request.rest}"))


def _slow(request: Request) -> None:
    rate, name = _argument(request)
    request.send_file(request.site.file(name), rate=int(rate) * 1000)


def _drop(request: Request) -> None:
    after, name = _argument(request)
    request.send_file(request.site.file(name), drop=int(after))


def _drop_once(request: Request) -> None:
    after, name = _argument(request)
    request.send_file(request.site.file(name), drop=int(after) if request.times <= 2 else None)


def _cut(request: Request) -> None:
    """Breaks until it is asked for the rest: yt-dlp looks once before it downloads."""
    after, name = _argument(request)
    request.send_file(request.site.file(name), drop=None if request.headers.get("Range") else int(after))


def _changing(request: Request) -> None:
    """The first version is cut off; a request for the rest meets another version."""
    after, name = _argument(request)
    changed = any(entry["range"] for entry in request.site.asked(request.path))
    tail = free_box("second version") if changed else b""
    request.send_file(request.site.file(name), drop=None if changed else int(after), tail=tail)


def _wrong_place(request: Request) -> None:
    after, name = _argument(request)
    asked = request.headers.get("Range")
    whole = not asked and request.times > 2
    request.send_file(request.site.file(name), drop=None if asked or whole else int(after), shift=-1000)


def _untagged(request: Request) -> None:
    after, name = _argument(request)
    drop = int(after) if request.times <= 1 else None
    request.send_file(request.site.file(name), drop=drop, tag=False)


def _same_name(request: Request) -> None:
    variant, _ = _argument(request)
    request.send_file(request.site.file("ok.mp4"), tail=free_box(variant))


def _lie(request: Request) -> None:
    request.send_file(request.site.file(request.rest), length=10**13)


def _longer(request: Request) -> None:
    """Claims a little more than there is, as a broken proxy does."""
    path = request.site.file(request.rest)
    request.send_file(path, length=(path.stat().st_size if path else 0) + 1000, ranges=False)


def _unsized(request: Request) -> None:
    """A file whose end is the end of the connection: nothing says how long it is."""
    path = request.site.file(request.rest)
    assert path
    request.close_connection = True
    request._head(200, {"Content-Type": "video/mp2t", "Connection": "close"})
    if request.command != "HEAD":
        request._write(path.read_bytes())


def _hang_up(request: Request) -> None:
    """No answer at all."""
    request.break_off()


def _status(request: Request) -> None:
    code, _ = _argument(request)
    request.send(int(code), "error", **({"Retry_After": "7"} if code in ("429", "503") else {}))


def _flaky(request: Request) -> None:
    times, name = _argument(request)
    if request.times <= int(times):
        request.send(503, "busy")
    else:
        request.send_file(request.site.file(name))


def _redirect(request: Request) -> None:
    request.send(302, "", Location=request.query.get("to", "/media/ok.mp4"))


def _challenge(request: Request) -> None:
    """A site that lets in browsers alone, as far as that shows in the headers; `to` is where it sends them."""
    agent, brands = request.headers.get("User-Agent") or "", request.headers.get("sec-ch-ua") or ""
    if "Chrome/" not in agent or "Google Chrome" not in brands:
        request.send(403, "Just a moment...", Cf_Mitigated="challenge")
    elif "to" in request.query:
        request.send(302, "", Location=request.query["to"])
    else:
        request.send_file(request.site.file(request.rest))


def _html_video(request: Request) -> None:
    request.send(200, pages.page("Log in", "", "<p>Please log in</p>"), kind="video/mp4")


def _hang(request: Request) -> None:
    seconds, _ = _argument(request)
    request.site.stopping.wait(float(seconds))
    request.send(200, "late")


def _stall(request: Request) -> None:
    """Some bytes, and then nothing more."""
    after, name = _argument(request)
    path = request.site.file(name)
    assert path
    request._head(200, {"Content-Type": "video/mp4", "Content-Length": str(path.stat().st_size)})
    if request.command != "HEAD":
        request._write(path.read_bytes()[: int(after)])
        request.wfile.flush()
        request.site.stopping.wait(60)
        request.break_off()


def _endless(request: Request) -> None:
    megabytes, _ = _argument(request)
    request.close_connection = True
    request._head(200, {"Content-Type": "video/mp4", "Connection": "close"})
    for _ in range(0 if request.command == "HEAD" else int(megabytes) * 16):
        request._write(bytes(64 << 10))


def _gzip_bomb(request: Request) -> None:
    """A page of 4 GB in 4 MB."""
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 20)
    body = b"".join(packer.compress(zeros) for _ in range(4096)) + packer.flush()
    request.send(200, body, Content_Encoding="gzip")


def _endless_page(request: Request) -> None:
    """Text without an end."""
    request.close_connection = True
    request._head(200, {"Content-Type": "text/html", "Connection": "close"})
    while request.command != "HEAD" and not request.site.stopping.is_set():
        request._write(b"<p>and more" * 10_000)


def _signed_in(request: Request) -> bool:
    return "sid=ok" in (request.headers.get("Cookie") or "")


def _auth(request: Request) -> None:
    if _signed_in(request):
        rate = request.query.get("rate")
        request.send_file(request.site.file(request.rest), rate=int(rate) * 1000 if rate else None)
    else:
        request.send(403, "sign in first")


def _members(request: Request) -> None:
    if _signed_in(request):
        request.send(200, pages.page("Members only", "", '<video src="/auth/ok.mp4"></video>'))
    else:
        request.send(403, pages.page("Sign in", "", "sign in"))


def _basic(request: Request) -> None:
    """A file, or a feed, for the name `me` and the password `s:cret`; `/basic/to/<host>/<file>` redirects."""
    if request.headers.get("Authorization") != "Basic bWU6czpjcmV0":
        request.send(401, "who?", "text/plain", WWW_Authenticate='Basic realm="box"')
        return
    first, name = _argument(request)
    if first == "feed":
        request.send(200, pages.feed(request.base), kind="application/rss+xml")
        return
    if first != "to":
        request.send_file(request.site.file(request.rest))
        return
    host, _, name = name.partition("/")
    request.send(302, "", Location=f"http://{host}:{request.site.port}/media/{name}")


def _login(request: Request) -> None:
    """Sign in: a cookie of each kind, with the value given as `value` beside the one that counts."""
    value = request.query.get("value", "1")
    cookies = (
        "sid=ok; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400",
        f"lasting={value}; Path=/; Max-Age=86400",
        f"session={value}; Path=/",
        f"deep={value}; Path=/login/deep; Max-Age=86400",
        f"parted={value}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned; Max-Age=86400",
    )
    body = pages.page("Signed in", "", '<a id="film" href="/members">For members</a>')
    request.send(200, body, Set_Cookie="\n".join(cookies))


def _set_cookie(request: Request) -> None:
    request.send(302, "", Set_Cookie="got=1; Path=/", Location="/media/ok.mp4")


def _page(request: Request) -> None:
    request.send(200, *pages.answer(request.rest, request.base))


def _evil(request: Request) -> None:
    body = playlists.evil(request.rest, request.site.port)
    if body is None:
        request.send(404, "not here")
    else:
        request.send(200, body, kind=playlists.kind(request.rest))


def _live(request: Request) -> None:
    request.send(200, playlists.live(request.times), kind=playlists.kind("x.m3u8"))


def _live_split(request: Request) -> None:
    """Picture and sound of a live stream, each with a playlist of its own."""
    name = request.rest.removesuffix(".m3u8")
    body = playlists.LIVE_MASTER if name == "master" else playlists.live(request.times, f"/hls/{name}")
    request.send(200, body, kind=playlists.kind("x.m3u8"))


def _elsewhere(request: Request) -> None:
    """Files that belong to a film lie on another host: this one by its other name."""
    base, kind = f"http://localhost:{request.site.port}", request.rest
    if kind in ("picture", "text"):
        body, sent_as = pages.answer("sound" if kind == "picture" else "subtitles", request.base)
        home, path = (request.base, "/media/cover") if kind == "picture" else ("", "/texts/")
        return request.send(200, str(body).replace(f"{home}{path}", f"{base}{path}"), kind=sent_as)
    if kind == "live":
        return request.send(200, playlists.live(request.times, f"{base}/hls/mux"), kind=playlists.kind("x.m3u8"))
    name = {"pieces": "hls/mux/i.m3u8", "key": "hls/aes/i.m3u8", "dash": "dash/m.mpd"}[kind]
    text = (request.site.root / name).read_text()
    request.send(200, playlists.elsewhere(kind, base, text), kind=playlists.kind(name))


def _live_empty(request: Request) -> None:
    request.send(200, playlists.live(0), kind=playlists.kind("x.m3u8"))


def _live_gone(request: Request) -> None:
    """A live stream that goes away instead of ending."""
    if request.times > 6:
        request.send(404, "gone")
    else:
        request.send(200, playlists.live(min(request.times, 3)), kind=playlists.kind("x.m3u8"))


def _text(request: Request) -> None:
    data = texts.TEXTS.get(request.rest)
    charset = "; charset=koi8-r" if request.rest == "said.srt" else ""
    request.send(200 if data else 404, data or b"", kind=f"text/plain{charset}")


def _list(request: Request) -> None:
    request.send(200, texts.listing(request.base, int(request.rest)), kind="application/rss+xml")


def _channel(request: Request) -> None:
    """A channel of the test (channels.py)."""
    channel = request.site.channels.get(request.rest)
    if channel is None:
        request.send(404, "gone")
    elif channel.status != 200:
        request.send(channel.status, "no")
    elif channel.moved_to:
        request.send(channel.redirect, Location=request.base + channel.moved_to)
    elif channel.cookie and channel.cookie not in (request.headers.get("Cookie") or ""):
        request.send(403, pages.page("No", "", f"<p>{texts.REFUSALS['members']}</p>"))
    else:
        request.send(200, channel.feed(request.base), kind="application/rss+xml")


def _film(request: Request) -> None:
    """A film of a channel, which may be announced or live before it is a film."""
    name, _, number = request.rest.partition("/")
    channel = request.site.channels[name]
    if int(number) in channel.gone:
        request.send(404, "gone")
    elif int(number) in channel.announced:
        request.send(404, pages.page("No", "", "<p>This live event will begin in 3 hours.</p>"))
    elif int(number) in channel.live:
        request.send(302, Location=f"{request.base}/broadcast/endless/i{number}.m3u8")
    elif channel.page_seconds is not None:
        film = f"{request.base}/same-name/{number}/ok.mp4"
        request.send(200, pages.film_page(f"Film {number}", film, channel.page_seconds))
    else:
        request.send(302, Location=f"{request.base}/same-name/{number}/ok.mp4")


def _publish(request: Request) -> None:
    """Publish a film to a channel, which is made if it is missing; `status` and `cookie` change the channel."""
    query = request.query
    channel = request.site.channels.setdefault(request.rest, Channel(query.get("name", "A channel")))
    channel.status, channel.cookie = int(query.get("status", 200)), query.get("cookie", channel.cookie)
    if "title" in query:
        number = 1000 * len(request.site.channels) + len(channel.films) + 1
        published = time.time() - 86_400 * float(query["days"]) if "days" in query else None
        seconds = int(query["seconds"]) if "seconds" in query else None
        channel.films.insert(0, Film(number, query["title"], query.get("path", ""), seconds, published))
    request.send(200, "ok")


def _slow_list(request: Request) -> None:
    request.site.stopping.wait(5)
    _list(request)


def _api(request: Request) -> None:
    answer = texts.marks(request.rest.rpartition("/")[2])
    request.send(200 if answer else 404, answer or "[]", kind="application/json")


def _refuses(request: Request) -> None:
    code, why = _argument(request)
    request.send(int(code), pages.page("No", "<script>var premium = 1</script>", f"<p>{texts.REFUSALS[why]}</p>"))


def _upcoming(request: Request) -> None:
    """Has not begun for the first looks, and then is a film."""
    times, name = _argument(request)
    if request.times <= int(times):
        request.send(404, pages.page("Soon", "", "<p>This live event will begin in 0 seconds.</p>"))
    else:
        request.send_file(request.site.file(name))


def _drm(request: Request) -> None:
    request.send(200, texts.DRM, kind=playlists.kind("x.m3u8"))


def _broken_mpd(request: Request) -> None:
    request.send(
        200,
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period></MPD>',
        kind="application/dash+xml",
    )


def _short_stream(request: Request) -> None:
    """A playlist that says more than its pieces hold."""
    lines = "".join(f"#EXTINF:10,\n/hls/mux/s{number:03d}.ts\n" for number in range(4))
    body = f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-PLAYLIST-TYPE:VOD\n{lines}#EXT-X-ENDLIST\n"
    request.send(200, body, kind=playlists.kind("x.m3u8"))


def _lost_piece(request: Request) -> None:
    """A stream, one piece of which is missing."""
    lines = "".join(f"#EXTINF:1,\n{path}\n" for path in ("/hls/mux/s000.ts", "/hls/mux/s999.ts", "/hls/mux/s002.ts"))
    body = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-PLAYLIST-TYPE:VOD\n{lines}#EXT-X-ENDLIST\n"
    request.send(200, body, kind=playlists.kind("x.m3u8"))


def _feed(request: Request) -> None:
    request.send(200, pages.feed(request.base), kind="application/rss+xml")


def _secret(request: Request) -> None:
    request.send(200, b"G" * 1880, kind="video/mp2t")


TABLE: dict[str, Behaviour] = {
    "media": Behaviour(_media, "/media/<file>: a file, with Range and ETag", "/media/ok.mp4"),
    "hls": Behaviour(_stream, "/hls/<stream>/i.m3u8, /hls/master.m3u8: HLS", "/hls/master.m3u8"),
    "dash": Behaviour(_stream, "/dash/m.mpd: DASH", "/dash/m.mpd"),
    "page": Behaviour(_page, "/page/<kind>: a page with a film in it", "/page/og"),
    "said": Behaviour(described.answer, f"/said/<kind>: what a page says: {', '.join(described.KINDS)}", "/said/video"),
    "shorts": Behaviour(described.answer, "/shorts/<kind>: the same, as a short", "/shorts/short"),
    "same-name": Behaviour(_same_name, "/same-name/<variant>/<file>: one name, other bytes", "/same-name/b/film.mp4"),
    "slow": Behaviour(_slow, "/slow/<kB/s>/<file>", "/slow/50/ok.mp4"),
    "drop": Behaviour(_drop, "/drop/<bytes>/<file>: each answer breaks off", "/drop/50000/ok.mp4"),
    "drop1": Behaviour(_drop_once, "/drop1/<bytes>/<file>: the first two answers break off", "/drop1/50000/ok.mp4"),
    "cut": Behaviour(_cut, "/cut/<bytes>/<file>: breaks off unless asked for the rest", "/cut/50000/ok.mp4"),
    "changing": Behaviour(
        _changing, "/changing/<bytes>/<file>: the rest is of another version", "/changing/9000/ok.mp4"
    ),
    "wrong-place": Behaviour(_wrong_place, "/wrong-place/<bytes>/<file>: the rest begins elsewhere", ""),
    "untagged": Behaviour(_untagged, "/untagged/<bytes>/<file>: breaks, without ETag or date", ""),
    "norange": Behaviour(lambda r: r.send_file(r.site.file(r.rest), ranges=False), "/norange/<file>: no Range", ""),
    "noname": Behaviour(
        lambda r: r.send_file(r.site.file(r.rest), kind="application/octet-stream"), "/noname/<file>: no type", ""
    ),
    "hang-up": Behaviour(_hang_up, "/hang-up/<file>: the connection ends without an answer", ""),
    "lie": Behaviour(_lie, "/lie/<file>: claims 10 TB", ""),
    "longer": Behaviour(_longer, "/longer/<file>: claims a little more than comes", ""),
    "unsized": Behaviour(_unsized, "/unsized/<file>: without a length, the connection closes at its end", ""),
    "status": Behaviour(_status, "/status/<code>/...: an error; 429 with Retry-After", "/status/404/film.mp4"),
    "flaky": Behaviour(_flaky, "/flaky/<times>/<file>: 503 so many times, then the file", "/flaky/1/ok.mp4"),
    "loop": Behaviour(lambda r: r.send(302, "", Location="/loop"), "/loop: redirects to itself", "/loop"),
    "challenge": Behaviour(_challenge, "/challenge/<file>: for browsers alone (?to=<address>)", ""),
    "redirect": Behaviour(_redirect, "/redirect?to=<address>", "/redirect?to=/media/ok.mp4"),
    "htmlvideo": Behaviour(_html_video, "/htmlvideo/<file>: a page that says it is a film", "/htmlvideo/x.mp4"),
    "hang": Behaviour(_hang, "/hang/<seconds>/...: no answer for so long", ""),
    "stall": Behaviour(_stall, "/stall/<bytes>/<file>: some bytes, then nothing", ""),
    "endless": Behaviour(_endless, "/endless/<MB>/...: zeros without a length", ""),
    "gzipbomb": Behaviour(_gzip_bomb, "/gzipbomb: a page of 4 GB, packed", ""),
    "endless-page": Behaviour(_endless_page, "/endless-page: text without an end", ""),
    "auth": Behaviour(_auth, "/auth/<file>: only with the cookie sid=ok (?rate=<kB/s>)", ""),
    "members": Behaviour(_members, "/members: a page only with the cookie sid=ok", "/members"),
    "basic": Behaviour(_basic, "/basic/<file>: HTTP Basic authentication; /basic/to/<host>/<file> redirects", ""),
    "once": Behaviour(links.once, "/once/<bytes>/<file>: a link that works once; only its rest is given again", ""),
    "refuses-head": Behaviour(links.refuses_head, "/refuses-head/<file>: no HEAD", ""),
    "named": Behaviour(links.named, f"/named/<kind>/<file>: Content-Disposition: {', '.join(links.NAMES)}", ""),
    "odd": Behaviour(odd.answer, f"/odd/<kind>/<file>: valid and rare: {', '.join(odd.KINDS)}", ""),
    "guarded": Behaviour(links.guarded, "/guarded/<own, page, told>/<file>: only from a page (Referer)", ""),
    "login": Behaviour(_login, "/login?value=<text>: signs in, with cookies of every kind", "/login"),
    "setcookie": Behaviour(_set_cookie, "/setcookie: sets a cookie, redirects to a film", ""),
    "live.m3u8": Behaviour(_live, "/live.m3u8: a live stream that grows with each look", ""),
    "broadcast": Behaviour(
        broadcasts.answer, f"/broadcast/<kind>/i.m3u8: live streams: {', '.join(broadcasts.KINDS)}", ""
    ),
    "clock": Behaviour(clocks.answer, f"/clock/<kind>/m.m3u8: a flash, a beep, a line: {', '.join(clocks.KINDS)}", ""),
    "parts": Behaviour(clocks.parts, "/parts/<ts, fmp4, sizes>.m3u8: parts with clocks or forms of their own", ""),
    "periods": Behaviour(clocks.periods, "/periods/<two, open>/m.mpd: DASH of two periods, and with r=-1", ""),
    "radio": Behaviour(broadcasts.radio, "/radio: internet radio, without an end", ""),
    "live-split": Behaviour(_live_split, "/live-split/master.m3u8: live, picture and sound apart", ""),
    "dash-live": Behaviour(dash_live.answer, f"/dash-live/<kind>/m.mpd: live DASH: {', '.join(dash_live.KINDS)}", ""),
    "live-open.mpd": Behaviour(
        lambda r: r.send(200, playlists.LIVE_OPEN_MPD, kind=playlists.kind("x.mpd")),
        "/live-open.mpd: live DASH that does not say which pieces it has",
        "",
    ),
    "elsewhere": Behaviour(_elsewhere, "/elsewhere/<what>: pieces, key, dash, live, picture, text on another host", ""),
    "live-empty.m3u8": Behaviour(_live_empty, "/live-empty.m3u8: a live stream with nothing in it yet", ""),
    "live-gone.m3u8": Behaviour(_live_gone, "/live-gone.m3u8: a live stream that goes away", ""),
    "texts": Behaviour(_text, f"/texts/<name>: subtitles: {', '.join(texts.TEXTS)}", ""),
    "list": Behaviour(_list, "/list/<count>: a list of films", "/list/3"),
    "publish": Behaviour(_publish, "/publish/<channel>?title=: adds a film to a channel", ""),
    "film": Behaviour(_film, "/film/<channel>/<number>: announced, live, or a film, as a test says", ""),
    "channel": Behaviour(_channel, "/channel/<name>: a channel that a test publishes to", ""),
    "slow-list": Behaviour(_slow_list, "/slow-list/<count>: the same after five seconds", ""),
    "api": Behaviour(_api, "/api/skipSegments/<hash>: marks, as a SponsorBlock server has them", ""),
    "refuses": Behaviour(_refuses, f"/refuses/<code>/<why>: says why: {', '.join(texts.REFUSALS)}", ""),
    "upcoming": Behaviour(_upcoming, "/upcoming/<times>/<file>: has not begun for so many looks", ""),
    "drm.m3u8": Behaviour(_drm, "/drm.m3u8: a stream under DRM", ""),
    "broken.mpd": Behaviour(_broken_mpd, "/broken.mpd: a manifest that nobody can read", ""),
    "short.m3u8": Behaviour(_short_stream, "/short.m3u8: says 40 seconds, and holds 4", ""),
    "lost.m3u8": Behaviour(_lost_piece, "/lost.m3u8: a stream with a piece missing", ""),
    "evil": Behaviour(_evil, f"/evil/<name>: {', '.join(playlists.NAMES)}", ""),
    "rss": Behaviour(_feed, "/rss: a feed", ""),
    "secret": Behaviour(_secret, "/secret: what must never be reached by another address", ""),
}
