"""The fortieth version: subscriptions, with a memory of every entry that they have seen (decision 50).

A trigger on `download` marks the entry of a download that is done, in the same transaction. Triggers on
`subscription` note what a user may be notified of. Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0040_subscriptions"
VERSION = "1.38.0"
DESCRIPTION = "Subscriptions and their entries"

TABLES = """
create table if not exists subscription (
  id bigserial primary key,
  owner bigint not null references account on delete cascade,
  url text not null,
  site text not null,
  source_key text not null,
  title text not null,
  folder bigint references folder on delete set null,
  options jsonb not null default '{}',
  filter jsonb not null default '{}',
  backfill integer default 0 check (backfill >= 0),
  state text not null default 'active' check (state in ('active', 'paused', 'needs_action')),
  source_order text not null default 'unknown'
    check (source_order in ('unknown', 'newest_first', 'appended', 'unordered')),
  created_at timestamptz not null default now(),
  checked_at timestamptz,
  succeeded_at timestamptz,
  full_list_at timestamptz,
  next_check_at timestamptz not null default now(),
  interval_seconds double precision not null default 3600,
  last_new integer not null default 0,
  failures integer not null default 0,
  failing_since timestamptz,
  error_code text,
  error_message text,
  attempt integer not null default 0,
  worker_id text,
  lease_expires_at timestamptz,
  unique (owner, source_key));
create index if not exists subscription_due on subscription (next_check_at) where state = 'active';
create index if not exists subscription_parked on subscription (owner) where state = 'needs_action';
create index if not exists subscription_leased on subscription (lease_expires_at) where lease_expires_at is not null;
create index if not exists subscription_folder on subscription (folder);

create table if not exists subscription_entry (
  id bigserial primary key,
  subscription bigint not null references subscription on delete cascade,
  source_key text not null,
  site_key text,
  url text not null,
  title text,
  published_at timestamptz,
  duration double precision,
  live_status text,
  first_seen_at timestamptz not null default now(),
  decision text not null check (decision in ('queued', 'done', 'skipped', 'blocked', 'ignored')),
  reason text not null,
  decided_at timestamptz not null default now(),
  submitted_at timestamptz,
  download bigint references download on delete set null,
  item bigint references library_item on delete set null,
  unique (subscription, source_key));
create index if not exists subscription_entry_listed on subscription_entry (subscription, id);
create index if not exists subscription_entry_site_key on subscription_entry (subscription, site_key);
create index if not exists subscription_entry_waiting on subscription_entry (subscription, id)
  where decision = 'queued' and submitted_at is null;
create index if not exists subscription_entry_download on subscription_entry (download);
create index if not exists subscription_entry_item on subscription_entry (item);
"""

DONE = """
create or replace function mf_subscription_entry_done() returns trigger language plpgsql as $$
begin
  update subscription_entry set decision = 'done', item = new.item where download = new.id and decision = 'queued';
  return null;
end $$;
create or replace trigger download_done_for_subscription after update of state on download for each row
  when (new.state = 'done' and old.state is distinct from 'done') execute function mf_subscription_entry_done();
"""

# A user hears of a subscription that fails when its third check in a row failed, or when it needs cookies.
NOTES = """
create or replace function mf_note_subscription() returns trigger language plpgsql as $$
declare
  facts jsonb := jsonb_build_object('subscription', new.id, 'title', new.title, 'site', new.site);
begin
  if new.failures > old.failures and (new.failures = 3 or new.state = 'needs_action') then
    insert into notification (owner, type, data) values (new.owner, 'subscription.failing',
      facts || jsonb_build_object('error', jsonb_build_object('code', new.error_code, 'message', new.error_message)));
  end if;
  if new.last_new > 0 and new.succeeded_at is distinct from old.succeeded_at then
    insert into notification (owner, type, data) values (new.owner, 'subscription.new',
      facts || jsonb_build_object('count', new.last_new));
  end if;
  return null;
end $$;
create or replace trigger subscription_noted after update of failures, succeeded_at on subscription
  for each row execute function mf_note_subscription();
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        for statements in (TABLES, DONE, NOTES):
            await engine.execute(statements)

    manager.add_raw(run)
    return manager
