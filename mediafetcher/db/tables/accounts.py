"""Users, and how they and their programs sign in."""

from piccolo.columns import (
    Array,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    DoublePrecision,
    ForeignKey,
    Integer,
    OnDelete,
    Text,
    Timestamptz,
)
from piccolo.columns.column_types import JSONB
from piccolo.table import Table

from mediafetcher.db.engine import DB
from mediafetcher.db.tables.columns import by_server, now, null_text, null_time


class User(Table, tablename="account", db=DB):
    """A user. Names are unique regardless of case; no `password_hash`: cannot sign in (yet)."""

    id = BigSerial(primary_key=True)
    name = Text(required=True)
    password_hash = null_text()
    admin = Boolean(default=False)
    created_at = now()
    quota = BigInt(default=None, null=True)  # bytes that may be charged to them; None: no limit
    preferences = JSONB(default="{}")  # what they chose on the page


class Session(Table, tablename="session", db=DB):
    """A browser that is signed in. Only the hash of its secret is kept."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    hash = Bytea(required=True)
    created_at = now()
    last_seen_at = now()
    expires_at = Timestamptz(required=True)
    address = null_text()
    agent = null_text()


class Token(Table, tablename="token", db=DB):
    """A token for programs. Only its hash is kept; no `expires_at`: it lasts until it is deleted."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    name = Text(default="")
    hash = Bytea(required=True)
    scopes = Array(base_column=Text(), default=list)
    created_at = now()
    last_used_at = null_time()
    expires_at = null_time()


class AuditEvent(Table, tablename="audit_event", db=DB):
    """Who did what that matters for security."""

    id = BigSerial(primary_key=True)
    at = now()
    owner = ForeignKey(User, on_delete=OnDelete.set_null)
    action = Text(required=True)
    address = null_text()
    facts = JSONB(default="{}")
    running_seconds = by_server(DoublePrecision())  # `RunningTime.seconds` at `at`


class CookieJar(Table, tablename="cookie_jar", db=DB):
    """One site's cookies of one user, encrypted (accounts/vault/encryption.py). No other column contains them."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    site = Text(required=True)
    ciphertext = Bytea(required=True)
    cookies = Integer(default=0)  # how many
    has_password = Boolean(default=False)  # a name and password of the site are among the contents
    created_at = now()
    updated_at = now()
    succeeded_at = null_time()
    failed_at = null_time()
    failure = null_text()  # the code of the last failure


class Device(Table, tablename="device", db=DB):
    """A paired extension."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    name = Text(default="")
    hash = Bytea(required=True)
    created_at = now()
    last_seen_at = null_time()
    address = null_text()


class DeviceNonce(Table, tablename="device_nonce", db=DB):
    """A message that was taken. It is kept for as long as its time would still be accepted."""

    id = BigSerial(primary_key=True)
    device = ForeignKey(Device, null=False, on_delete=OnDelete.cascade)
    nonce = Bytea(required=True)
    at = now()
    running_seconds = by_server(DoublePrecision())  # `RunningTime.seconds` at `at`


class PairingCode(Table, tablename="pairing_code", db=DB):
    """A code that a page shows at present: one of each user, for one pairing."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    hash = Bytea(required=True)
    tries = Integer(default=0)
    expires_at = Timestamptz(required=True)


class RateLimitBucket(Table, tablename="rate_limit_bucket", db=DB):
    """The tries left at `at` (accounts/auth/rate_limit.py). The key is a hash: a name may be a secret."""

    id = BigSerial(primary_key=True)
    key = Bytea(required=True)
    places = DoublePrecision(required=True)
    at = now()
