"""One-time links: sign in a browser of the user who runs the server, on this machine, without a password.

A link is made over the control socket, works once, within `LIFETIME`, and only for programs of one operating-system
user. Only hashes of links are kept, in the memory of this process.
"""

import hmac
from typing import NamedTuple

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth import credentials, rate_limit, sessions, users
from mediafetcher.accounts.auth.credentials import UserIdentity
from mediafetcher.core import clock, errors

LIFETIME = 60.0  # seconds
_MOST = 16  # unused links; the oldest gives way to a new one


class _Link(NamedTuple):
    hash: bytes
    owner: int
    uid: int
    expires_at: float  # by the clock since boot


_links: list[_Link] = []
opened_sessions: set[int] = set()  # sessions that a link of this process began or met, and those that replaced them


async def create(owner: int, uid: int) -> str:
    """Make a link for a user of the library. Only programs of the operating-system user `uid` can use it.

    Returns: its secret.
    """
    secret, hashed = credentials.new()
    _links.append(_Link(hashed, owner, uid, clock.since_boot() + LIFETIME))
    del _links[:-_MOST]
    await audit.record("link_made", owner)
    return secret


def was_used() -> bool:
    """Return whether a browser has used a link of this process."""
    return bool(opened_sessions)


def replace_session(old: int, new: int) -> None:
    """Note that a browser signed in again, so that a page that a link opened stays known as one."""
    if old in opened_sessions:
        opened_sessions.add(new)


async def redeem(
    secret: str, uid: int | None, present: UserIdentity | None, address: str, agent: str = ""
) -> tuple[UserIdentity, str | None]:
    """Use a link. `uid`: the user of the calling program; `present`: whom the browser's session names already.

    Returns: the user, and the secret for the cookie; None if the present session is theirs and stays. Raises:
    `InvalidOneTimeLink` for a link that is unknown, used, expired or for another operating-system user,
    `TooManyRequests`.
    """
    place = rate_limit.place(f"link of {uid}", address)  # a program of another user locks out its own user only
    await rate_limit.check([place])
    link = _take(credentials.digest(secret), uid)
    if link is None:
        await rate_limit.take(place)
        await audit.record("link_refused", None, address, uid=uid)
        raise errors.InvalidOneTimeLink()
    if present is not None and present.id == link.owner and present.session is not None:
        opened_sessions.add(present.session)
        return present, None
    user = await users.get(link.owner)
    identity, cookie = await sessions.begin(
        user["id"], user["name"], admin=user["admin"], address=address, agent=agent, via="link"
    )
    assert identity.session is not None
    opened_sessions.add(identity.session)
    return identity, cookie


def _take(hashed: bytes, uid: int | None) -> _Link | None:
    """Remove the link with this hash. A program of another operating-system user does not use it up."""
    now = clock.since_boot()
    _links[:] = [link for link in _links if link.expires_at > now]
    found = [link for link in _links if hmac.compare_digest(link.hash, hashed) and link.uid == uid]
    for link in found:
        _links.remove(link)
    return found[0] if found else None
