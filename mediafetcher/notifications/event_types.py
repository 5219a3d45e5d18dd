"""The events that users can be notified of. Triggers record them; inbox.record those without a row."""

DOWNLOAD_DONE = "download.done"
DOWNLOAD_FAILED = "download.failed"
DOWNLOAD_NEEDS_ACTION = "download.needs_action"
SUBSCRIPTION_NEW = "subscription.new"
SUBSCRIPTION_FAILING = "subscription.failing"
STORAGE_AWAY = "storage.away"
STORAGE_FULL = "storage.full"
YTDLP_UPDATE = "ytdlp.update"
IMPORT_DONE = "import.done"
LAST_COPY = "item.last_copy"

ALL = (
    DOWNLOAD_DONE,
    DOWNLOAD_FAILED,
    DOWNLOAD_NEEDS_ACTION,
    SUBSCRIPTION_NEW,
    SUBSCRIPTION_FAILING,
    STORAGE_AWAY,
    STORAGE_FULL,
    YTDLP_UPDATE,
    IMPORT_DONE,
    LAST_COPY,
)
