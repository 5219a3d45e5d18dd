"""Events of users, and where they are sent."""

from piccolo.columns import UUID, Array, BigSerial, Boolean, Bytea, ForeignKey, Integer, OnDelete, Text
from piccolo.columns.column_types import JSONB
from piccolo.table import Table

from mediafetcher.db.engine import DB
from mediafetcher.db.tables.accounts import User
from mediafetcher.db.tables.columns import by_server, now, null_text, null_time


class NotificationTarget(Table, tablename="notification_target", db=DB):
    """A target of notifications: an Apprise URL, a webhook or a media server. The address and secret are sealed."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    name = Text(default="")
    kind = Text(required=True)  # apprise, webhook, jellyfin, plex or kodi
    label = Text(required=True)  # the address without anything secret
    ciphertext = Bytea(required=True)  # URL and signing secret
    events = Array(base_column=Text(), default=list)
    language = Text(default="en")
    quiet = JSONB(default=None, null=True)  # {"start": "22:00", "end": "07:00", "timezone": null or a name}
    enabled = Boolean(default=True)
    created_at = now()
    failures = Integer(default=0)  # in a row
    last_at = null_time()
    last_answer = null_text()
    lease_holder = null_text()  # the installation that delivers to it now
    lease_ends_at = null_time()


class Notification(Table, tablename="notification", db=DB):
    """An event that concerns a user; a trigger makes the deliveries. The page shows it until it is old."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    type = Text(required=True)
    data = JSONB(default="{}")
    at = now()
    read_at = null_time()


class NotificationDelivery(Table, tablename="notification_delivery", db=DB):
    """A notification for one target. Without a notification: a media server is to look at its folders again."""

    id = BigSerial(primary_key=True)
    message = by_server(UUID())  # the same for every try
    target = ForeignKey(NotificationTarget, null=False, on_delete=OnDelete.cascade)
    notification = ForeignKey(Notification, on_delete=OnDelete.cascade)
    state = Text(default="waiting")  # waiting, delivered or failed
    tries = Integer(default=0)
    created_at = now()
    noted_at = now()
    due_at = now()
    ended_at = null_time()
    answer = null_text()


class InstallationStatus(Table, tablename="installation_status", db=DB):
    """The last state that the server saw; a trigger notes a change as an event. One row, id 1."""

    id = Integer(primary_key=True, default=1)
    storage = Text(default="online")
    ytdlp_offer = null_text()
