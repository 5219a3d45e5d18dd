"""Something we need is away for now: 503, tried again later."""

from mediafetcher.core.errors.problem import Problem


class Away(Problem):
    status = 503
    retry = "later"
    code = "away"


class DatabaseAway(Away):
    code = "database_away"
    words = "The database does not answer: it may be starting again. Try in a moment."


class MediaOffline(Away):
    code = "media_offline"
    words = "The media folder is not there: is the share mounted? Downloads wait; your files are safe."


class MediaFull(Away):
    code = "disk_full"
    words = "The media folder is full: free some room. Downloads wait until there is."


class NoRoom(Away):
    code = "no_room"
    words = "There is not enough free room for this download beside those that are running: it waits."


class QuotaReserved(Away):
    code = "quota_reserved"
    words = "Your running downloads may use up your share of the storage: this one waits until they have ended."


class SameSource(Away):
    code = "same_source"
    words = "The same link is being fetched already: this waits for it, and then needs no download."


class SiteBusy(Away):
    code = "site_busy"
    words = "As many downloads of this site run as may run at once: this one is next when one of them ends."


class NoCookiesHere(Away):
    code = "no_cookies_here"
    words = "No machine that works now can open the cookies that this download needs: start the server's own queue."


class MediaReadOnly(Away):
    code = "media_read_only"
    words = "The media folder cannot be written: check the mount and its rights. Downloads wait."


class StoreFrozen(Away):
    code = "store_frozen"
    words = (
        "Whether this installation may change the media folder is undecided: decide it on the page, or with"
        " `mediafetcher store`. Downloads wait; your files are safe."
    )


class ServerAway(Away):
    code = "server_away"
    words = (
        "The server does not answer this worker, which needs it to store a file: check that `mediafetcher serve` runs"
        " and reaches the media folder. The download waits."
    )


class IndexAway(Away):
    code = "index_away"
    words = "The package index cannot be reached: try later."


class ExportBusy(Away):
    code = "export_busy"
    words = "Another server is at work on this exported tree: try again in a minute."


class Stopping(Away):
    code = "stopping"
    words = "MediaFetcher is stopping."
