"""The thirty-sixth version: notifications, and their deliveries.

Triggers record an event in the transaction that causes it, and a delivery for each subscribed target, so a crash
loses neither (decision 46). `installation_status` holds the state of the storage and of yt-dlp: a change of
its row is the event. Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0036_notifications"
VERSION = "1.38.0"
DESCRIPTION = "Notifications and their delivery"

TABLES = """
create table if not exists notification_target (
  id bigserial primary key,
  owner bigint not null references account on delete cascade,
  name text not null default '',
  kind text not null check (kind in ('apprise', 'webhook', 'jellyfin', 'plex', 'kodi')),
  label text not null,
  ciphertext bytea not null,
  events text[] not null default '{}',
  language text not null default 'en' check (language in ('en', 'fr')),
  quiet jsonb,
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  failures integer not null default 0,
  last_at timestamptz,
  last_answer text,
  lease_holder text,
  lease_ends_at timestamptz);
create index if not exists notification_target_owner on notification_target (owner);

create table if not exists notification (
  id bigserial primary key,
  owner bigint not null references account on delete cascade,
  type text not null,
  data jsonb not null default '{}',
  at timestamptz not null default now(),
  read_at timestamptz);
create index if not exists notification_owner on notification (owner, id);
create index if not exists notification_unread on notification (owner) where read_at is null;

create table if not exists notification_delivery (
  id bigserial primary key,
  message uuid not null default gen_random_uuid(),
  target bigint not null references notification_target on delete cascade,
  notification bigint references notification on delete cascade,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
  tries integer not null default 0,
  created_at timestamptz not null default now(),
  noted_at timestamptz not null default clock_timestamp(),
  due_at timestamptz not null default now(),
  ended_at timestamptz,
  answer text);
create index if not exists notification_delivery_waiting on notification_delivery (target, id)
  where state = 'waiting';
create index if not exists notification_delivery_ended on notification_delivery (target, ended_at)
  where state <> 'waiting';
create index if not exists notification_delivery_notification on notification_delivery (notification);
create unique index if not exists notification_delivery_refresh on notification_delivery (target)
  where notification is null and state = 'waiting';

create table if not exists installation_status (
  id integer primary key default 1 check (id = 1),
  storage text not null default 'online',
  ytdlp_offer text);
insert into installation_status default values on conflict do nothing;
"""

OUTBOX = """
create or replace function mf_deliver_notification() returns trigger language plpgsql as $$
begin
  insert into notification_delivery (target, notification)
    select id, new.id from notification_target
    where owner = new.owner and enabled and new.type = any(events);
  perform pg_notify('mediafetcher', json_build_array('notification', json_build_object('owner', new.owner))::text);
  return null;
end $$;
create or replace trigger notification_delivered after insert on notification
  for each row execute function mf_deliver_notification();
"""

DOWNLOADS = """
create or replace function mf_note_download() returns trigger language plpgsql as $$
declare
  facts jsonb;
  happened text := case new.state when 'done' then 'download.done' when 'failed' then 'download.failed'
    else 'download.needs_action' end;
begin
  facts := jsonb_build_object('download', new.id, 'item', new.item, 'title', new.title, 'site', new.site,
    'size', new.size, 'duration', new.duration);
  if happened <> 'download.done' then
    facts := facts || jsonb_build_object('error', jsonb_build_object('code', new.error_code,
      'message', new.error_message));
  end if;
  insert into notification (owner, type, data) values (new.owner, happened, facts);
  if new.state = 'failed' and new.error_code = 'gone' and new.target_item is not null then
    insert into notification (owner, type, data)
      values (new.owner, 'item.last_copy', jsonb_build_object('item', new.target_item, 'title', new.title));
  end if;
  return null;
end $$;
create or replace trigger download_noted after update of state on download for each row
  when (old.state is distinct from new.state and new.kind = 'media'
    and new.state in ('done', 'failed', 'needs_action'))
  execute function mf_note_download();
"""

INSTALLATION = """
create or replace function mf_note_installation(happened text, facts jsonb) returns void language plpgsql as $$
begin
  insert into notification (owner, type, data) select id, happened, facts from account where admin;
end $$;
create or replace function mf_note_status() returns trigger language plpgsql as $$
begin
  if new.storage is distinct from old.storage and new.storage <> 'online' then
    perform mf_note_installation(case new.storage when 'full' then 'storage.full' else 'storage.away' end,
      jsonb_build_object('state', new.storage));
  end if;
  if new.ytdlp_offer is distinct from old.ytdlp_offer and new.ytdlp_offer is not null then
    perform mf_note_installation('ytdlp.update', jsonb_build_object('version', new.ytdlp_offer));
  end if;
  return null;
end $$;
create or replace trigger installation_status_noted after update on installation_status
  for each row execute function mf_note_status();
"""

# Media servers are notified of a changed exported tree: ten seconds after the change, within a minute.
EXPORTS = """
create or replace function mf_note_export() returns trigger language plpgsql as $$
begin
  insert into notification_delivery (target, due_at)
    select id, now() + interval '10 seconds' from notification_target
    where enabled and kind in ('jellyfin', 'plex', 'kodi') order by id
    on conflict (target) where notification is null and state = 'waiting' do update set
      noted_at = clock_timestamp(),
      due_at = least(excluded.due_at, notification_delivery.created_at + interval '1 minute');
  return null;
end $$;
create or replace trigger export_file_noted after insert or delete on export_file
  for each statement execute function mf_note_export();
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        for statements in (TABLES, OUTBOX, DOWNLOADS, INSTALLATION, EXPORTS):
            await engine.execute(statements)

    manager.add_raw(run)
    return manager
