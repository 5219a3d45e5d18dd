"""The eighteenth version: how long the program has run, in addition to the wall clock, for removals by age.

Safe to run twice, as the others. The stamps are set by triggers, so that no statement that moves an entry to the trash
or removes the last reference to a file can omit them.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0018_running_time"
VERSION = "1.38.0"
DESCRIPTION = "Running time"

# `boot`: seconds since the boot of the machine of `holder` when it last added to `seconds`.
RUNNING = """
create table if not exists running_time (
  id integer primary key default 1 check (id = 1),
  seconds double precision not null default 0,
  holder text,
  boot double precision not null default 0);
insert into running_time (id) values (1) on conflict do nothing;

create or replace function mf_running_seconds() returns double precision language sql stable as $$
  select seconds from running_time where id = 1 $$;
"""

# Rows of an older version get 0: they count from now on.
STAMPS = """
alter table library_item add column if not exists trashed_running_seconds double precision;
update library_item set trashed_running_seconds = 0 where trashed_at is not null and trashed_running_seconds is null;
alter table media_file add column if not exists unreferenced_running_seconds double precision not null default 0;
alter table media_file alter column unreferenced_running_seconds set default mf_running_seconds();
alter table device_nonce add column if not exists running_seconds double precision not null default 0;
alter table device_nonce alter column running_seconds set default mf_running_seconds();
"""

# A site that asks one download to wait for a day is paused for an hour (`site_pause`), not for that day.
LIMITED = "drop index if exists download_limited"

TRIGGERS = """
create or replace function mf_stamp_trashed() returns trigger language plpgsql as $$
begin
  new.trashed_running_seconds := case when new.trashed_at is not null then mf_running_seconds() end;
  return new;
end $$;
create or replace trigger library_item_trashed_insert before insert on library_item
  for each row when (new.trashed_at is not null) execute function mf_stamp_trashed();
create or replace trigger library_item_trashed before update of trashed_at on library_item
  for each row when (old.trashed_at is distinct from new.trashed_at) execute function mf_stamp_trashed();

create or replace function mf_stamp_unreferenced() returns trigger language plpgsql as $$
begin
  new.unreferenced_running_seconds := mf_running_seconds();
  return new;
end $$;
create or replace trigger media_file_unreferenced before update of ref_count on media_file
  for each row when (old.ref_count <> 0 and new.ref_count = 0) execute function mf_stamp_unreferenced();
"""


# `behind`: changes of an unavailable tree were dropped; it is compared as a whole when it is available again.
# Bytes that replaced damaged ones are another file: the link in a tree still leads to the old one.
EXPORT = """
alter table export_tree add column if not exists behind boolean not null default false;

create or replace function mf_file_replaced(file bigint) returns void language sql as $$
  insert into export_change (tree, item) select t.id, i.id from export_tree t join library_item i
    on i.media_file = file and (t.people is null or i.owner = any(t.people)) $$;
create or replace function mf_file_mended() returns trigger language plpgsql as $$
begin
  perform mf_file_replaced(new.id);
  return null;
end $$;
create or replace trigger media_file_mended after update of damaged_at on media_file
  for each row when (old.damaged_at is not null and new.damaged_at is null) execute function mf_file_mended();
"""


# The addresses from which a user has signed in (accounts/auth/sessions.py).
SIGN_INS = "create index if not exists audit_event_signed_in on audit_event (owner, id) where act = 'signed_in'"


CLEARED = "create index if not exists download_cleared on download (cleared_at) where cleared_at is not null"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        for statements in (RUNNING, STAMPS, LIMITED, TRIGGERS, EXPORT, SIGN_INS, CLEARED):
            await engine.execute(statements)

    manager.add_raw(run)
    return manager
