"""Errors of temporarily unavailable resources: 503, retried later."""

from mediafetcher.core.errors.problem import Problem


class Unavailable(Problem):
    status = 503
    retry = "later"
    code = "away"


class DatabaseUnavailable(Unavailable):
    code = "database_away"
    default_detail = "The database is not responding. It may be restarting, so try again in a moment."


class MediaOffline(Unavailable):
    code = "media_offline"
    default_detail = (
        "The media folder is unavailable. Check that the share is mounted. Downloads wait, and your files are safe."
    )


class MediaFull(Unavailable):
    code = "disk_full"
    default_detail = "The media folder is full. Free some space. Downloads continue when there is enough."


class NotEnoughSpace(Unavailable):
    code = "no_room"
    default_detail = (
        "Not enough free space for this download. It waits until other downloads finish or you free some space."
    )


class OutsideHours(Unavailable):
    code = "outside_hours"
    default_detail = "Your rule for this site allows downloads only in some hours. This one begins when they do."


class SitePace(Unavailable):
    code = "site_pace"
    default_detail = "Your rule for this site asks for a pause between downloads. This one begins after it."


class QuotaReserved(Unavailable):
    code = "quota_reserved"
    default_detail = (
        "Your running downloads may use up your share of the storage: this one waits until they have ended."
    )


class SameSource(Unavailable):
    code = "same_source"
    default_detail = "The same link is being fetched already: this waits for it, and then needs no download."


class SiteBusy(Unavailable):
    code = "site_busy"
    default_detail = "As many downloads of this site run as may run at once: this one is next when one of them ends."


class OtherRunsAlone(Unavailable):
    code = "other_runs_alone"
    default_detail = (
        "Another download runs alone, because MediaFetcher ended twice while it ran. This one starts when it ends."
    )


class SlowSlotsBusy(Unavailable):
    code = "slow_slots_busy"
    default_detail = (
        "Downloads with a speed limit leave slots for others, and as many of them run as may run at once."
        " This one starts when one of them ends."
    )


class ConversionBusy(Unavailable):
    code = "conversion_busy"
    default_detail = (
        "The file is downloaded. As many conversions run as may run at once: this one starts when one of them ends."
    )


class NoCookiesHere(Unavailable):
    code = "no_cookies_here"
    default_detail = (
        "No machine that works now can open the cookies that this download needs: start the server's own queue."
    )


class MediaReadOnly(Unavailable):
    code = "media_read_only"
    default_detail = "The media folder is not writable. Check the mount and its permissions. Downloads wait."


class StoreFrozen(Unavailable):
    code = "store_frozen"
    default_detail = (
        "Whether this installation may change the media folder is undecided: decide it on the page, or with"
        " `mediafetcher store`. Downloads wait; your files are safe."
    )


class ServerUnavailable(Unavailable):
    code = "server_away"
    default_detail = (
        "The server does not answer this worker, which needs it to store a file: check that `mediafetcher serve` runs"
        " and reaches the media folder. The download waits."
    )


class IndexUnavailable(Unavailable):
    code = "index_away"
    default_detail = "The package index is unreachable. Try again later."


class ExportBusy(Unavailable):
    code = "export_busy"
    default_detail = "Another server is at work on this exported tree: try again in a minute."


class Stopping(Unavailable):
    code = "stopping"
    default_detail = "MediaFetcher is shutting down. Try again once it is running."
