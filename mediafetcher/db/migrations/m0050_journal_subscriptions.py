"""The fiftieth version: the journal also holds presets, subscriptions and their entries.

A check changes times of its subscription that the journal does not have, so only changes of what it has are noted. A
generation that was begun earlier holds none of them, so a new one is begun. Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0050_journal_subscriptions"
VERSION = "1.38.0"
DESCRIPTION = "Presets, subscriptions and their entries in the journal"

# The kinds are those of library/recovery/journal_file.py: a list of them here would refuse those of a later version.
STATE = """
alter table journal_change drop constraint if exists journal_change_kind_check;
update journal_state set epoch = null;
"""

_SUBSCRIPTION = (
    "owner, url, site, source_key, title, folder, options, filter, backfill, state, source_order, retention, schedule,"
    " preset, succeeded_at"
)
_ENTRY = (
    "subscription, source_key, site_key, url, title, duration, published_at, live_status, decision, reason, decided_at,"
    " submitted_at, item, removed_at"
)


def _differs(columns: str) -> str:
    """Return the condition that one of these columns changes; of `succeeded_at` only whether it is set."""
    old, new = (", ".join(f"{row}.{name.strip()}" for name in columns.split(",")) for row in ("old", "new"))
    text = f"({old}) is distinct from ({new})"
    for row in ("old", "new"):
        text = text.replace(f"{row}.succeeded_at", f"{row}.succeeded_at is null")
    return text


TRIGGERS = f"""
create or replace trigger preset_journal after insert or delete or update of owner, name, options, updated_at
  on preset for each row execute function mf_journal('preset');
create or replace trigger subscription_journal after insert or delete on subscription
  for each row execute function mf_journal('subscription');
create or replace trigger subscription_changed_journal after update of {_SUBSCRIPTION} on subscription
  for each row when ({_differs(_SUBSCRIPTION)}) execute function mf_journal('subscription');
create or replace trigger subscription_entry_journal after insert or delete on subscription_entry
  for each row execute function mf_journal('entry');
create or replace trigger subscription_entry_changed_journal after update of {_ENTRY} on subscription_entry
  for each row when ({_differs(_ENTRY)}) execute function mf_journal('entry');
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(STATE)
        await engine.execute(TRIGGERS)

    manager.add_raw(run)
    return manager
