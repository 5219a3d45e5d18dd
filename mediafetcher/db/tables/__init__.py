"""All tables, with what always holds for each.

The database enforces what it can: the constraints, indexes and triggers stand in the migrations, and a test holds
these classes equal to the migrated schema. Every time is `timestamptz` and the database's own `now()`.

Each file has the tables of one owner: the package that writes them (tests/unit/db/test_table_owners.py).
"""

from mediafetcher.db.tables.accounts import (
    AuditEvent,
    CookieJar,
    Device,
    DeviceNonce,
    PairingCode,
    RateLimitBucket,
    Session,
    Token,
    User,
)
from mediafetcher.db.tables.downloads import (
    Download,
    DownloadLog,
    DownloadStatistic,
    Machine,
    Preset,
    SiteBackoff,
    SiteRule,
)
from mediafetcher.db.tables.export import ExportChange, ExportFile, ExportFolder, ExportTree
from mediafetcher.db.tables.feeds import Share
from mediafetcher.db.tables.library import (
    BlockedSource,
    Folder,
    LibraryItem,
    MediaFile,
    Source,
    SourceList,
    SourceListEntry,
    SourceMetadata,
    Watch,
)
from mediafetcher.db.tables.notifications import (
    InstallationStatus,
    Notification,
    NotificationDelivery,
    NotificationTarget,
)
from mediafetcher.db.tables.settings import Setting
from mediafetcher.db.tables.storage import Installation, JournalChange, JournalState, RunningTime, Scrub, StoreRoot
from mediafetcher.db.tables.subscriptions import Subscription, SubscriptionEntry

__all__ = [
    "AuditEvent",
    "BlockedSource",
    "CookieJar",
    "Device",
    "DeviceNonce",
    "Download",
    "DownloadLog",
    "DownloadStatistic",
    "ExportChange",
    "ExportFile",
    "ExportFolder",
    "ExportTree",
    "Folder",
    "Installation",
    "InstallationStatus",
    "JournalChange",
    "JournalState",
    "LibraryItem",
    "Machine",
    "MediaFile",
    "Notification",
    "NotificationDelivery",
    "NotificationTarget",
    "PairingCode",
    "Preset",
    "RateLimitBucket",
    "RunningTime",
    "Scrub",
    "Session",
    "Setting",
    "Share",
    "SiteBackoff",
    "SiteRule",
    "Source",
    "SourceList",
    "SourceListEntry",
    "SourceMetadata",
    "StoreRoot",
    "Subscription",
    "SubscriptionEntry",
    "Token",
    "User",
    "Watch",
]
