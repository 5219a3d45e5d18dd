"""The first version: accounts, library, downloads, and the tables of the queue.

Safe to run twice. The SQL is the truth about constraints, indexes and triggers; `db/tables/` mirrors the columns.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0001_first"
VERSION = "1.38.0"
DESCRIPTION = "First version"

PEOPLE = """
create table if not exists account (
  id bigserial primary key,
  name text not null check (name <> '' and length(name) <= 100),
  password_hash text,
  admin boolean not null default false,
  created_at timestamptz not null default now());
create unique index if not exists account_name on account (lower(name));

create table if not exists session (
  id bigserial primary key,
  owner bigint not null references account on delete cascade,
  hash bytea not null unique,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  address text,
  agent text);
create index if not exists session_owner on session (owner);

create table if not exists token (
  id bigserial primary key,
  owner bigint not null references account on delete cascade,
  name text not null default '',
  hash bytea not null unique,
  scopes text[] not null default '{}',
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  expires_at timestamptz);
create index if not exists token_owner on token (owner);

create table if not exists audit_event (
  id bigserial primary key,
  at timestamptz not null default now(),
  owner bigint references account on delete set null,
  act text not null,
  address text,
  facts jsonb not null default '{}');
create index if not exists audit_event_at on audit_event (at);
"""

# Without an extension, and the same on every server: lower case, no accents, no punctuation inside words.
WORDS = """
create or replace function mf_words(given text) returns text
  language sql immutable strict parallel safe as $$
  select lower(translate(given,
    'àâäáãåçéèêëíìîïñóòôöõúùûüýÿÀÂÄÁÃÅÇÉÈÊËÍÌÎÏÑÓÒÔÖÕÚÙÛÜÝŸ._-/@#+~%=?\\"(),;[]{}',
    'aaaaaaceeeeiiiinooooouuuuyyAAAAAACEEEEIIIINOOOOOUUUUYY                     ')) $$;
"""

LIBRARY = """
create table if not exists folder (
  id bigserial primary key,
  owner bigint not null references account on delete cascade,
  parent bigint references folder on delete no action,
  name text not null check (name <> '' and name <> '.' and name <> '..' and length(name) <= 200
    and position('/' in name) = 0),
  created_at timestamptz not null default now());
create unique index if not exists folder_name on folder (owner, coalesce(parent, 0), lower(name));
create index if not exists folder_parent on folder (parent);

create table if not exists media_file (
  id bigserial primary key,
  sha256 bytea not null unique check (octet_length(sha256) = 32),
  size bigint not null check (size >= 0),
  kind text not null,
  ext text not null check (ext ~ '^[.][a-z0-9]{1,8}$'),
  duration double precision,
  width integer,
  height integer,
  video_codec text,
  audio_codec text,
  poster boolean not null default false,
  subtitles text[] not null default '{}',
  chapters jsonb not null default '[]',
  ref_count integer not null default 0 check (ref_count >= 0),
  created_at timestamptz not null default now(),
  dead_at timestamptz default now(),
  constraint media_file_dead check ((ref_count = 0) = (dead_at is not null)));
do $$ begin  -- m0016 renames the column: this file runs again on a database that has its other name already
  if exists (select from information_schema.columns where table_name = 'media_file' and column_name = 'dead_at') then
    create index if not exists media_file_dead_at on media_file (dead_at) where dead_at is not null;
  end if;
end $$;
create index if not exists media_file_size on media_file (size, id);
create index if not exists media_file_duration on media_file (coalesce(duration, 0), id);

create table if not exists source (
  id bigserial primary key,
  key text not null unique,
  url text not null,
  media_file bigint references media_file on delete set null,
  never boolean not null default false,
  created_at timestamptz not null default now());
create index if not exists source_media_file on source (media_file);

create table if not exists library_item (
  id bigserial primary key,
  owner bigint not null references account on delete restrict,
  folder bigint references folder on delete restrict,
  media_file bigint not null references media_file on delete restrict,
  title text not null,
  source bigint references source on delete set null,
  source_url text,
  site text,
  uploader text,
  created_at timestamptz not null default now(),
  trashed_at timestamptz,
  search tsvector not null generated always as
    (to_tsvector('simple', mf_words(title || ' ' || coalesce(uploader, '') || ' ' || coalesce(site, '')))) stored);
create index if not exists library_item_created on library_item (owner, created_at, id) where trashed_at is null;
create index if not exists library_item_folder
  on library_item (owner, folder, created_at, id) where trashed_at is null;
create index if not exists library_item_title on library_item (owner, lower(title), id) where trashed_at is null;
create index if not exists library_item_trash on library_item (owner, trashed_at, id) where trashed_at is not null;
create index if not exists library_item_expired on library_item (trashed_at) where trashed_at is not null;
create index if not exists library_item_media_file on library_item (media_file);
create index if not exists library_item_in_folder on library_item (folder);
create index if not exists library_item_source on library_item (source);
create index if not exists library_item_search on library_item using gin (search);

create table if not exists watch (
  id bigserial primary key,
  owner bigint not null references account on delete cascade,
  media_file bigint not null references media_file on delete cascade,
  position double precision not null default 0,
  updated_at timestamptz not null default now());
create unique index if not exists watch_pair on watch (owner, media_file);
create index if not exists watch_media_file on watch (media_file);

create table if not exists store_root (
  id integer primary key default 1 check (id = 1),
  path text not null,
  sentinel uuid not null);
"""

# One row of library_item is one reference. The count belongs to the database, so that no path, no cascade and no
# bulk statement can forget it.
COUNTING = """
create or replace function mf_count_reference() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.media_file = old.media_file then
    return null;
  end if;
  if tg_op <> 'INSERT' then
    update media_file set ref_count = ref_count - 1, dead_at = case when ref_count = 1 then now() end
      where id = old.media_file;
  end if;
  if tg_op <> 'DELETE' then
    update media_file set ref_count = ref_count + 1, dead_at = null where id = new.media_file;
  end if;
  return null;
end $$;
create or replace trigger library_item_count after insert or delete or update of media_file on library_item
  for each row execute function mf_count_reference();

create or replace function mf_refuse_truncate() returns trigger language plpgsql as $$
begin
  raise exception 'truncate would leave the counts of media_file wrong: delete the rows instead';
end $$;
create or replace trigger library_item_truncate before truncate on library_item
  for each statement execute function mf_refuse_truncate();
"""

DOWNLOADS = """
create table if not exists download (
  id bigserial primary key,
  owner bigint not null references account on delete cascade,
  url text not null,
  site text not null default '',
  source_key text not null,
  folder bigint references folder on delete set null,
  options jsonb not null default '{}',
  state text not null default 'queued' check (state in
    ('queued', 'running', 'done', 'failed', 'cancelled', 'parked', 'paused', 'waiting')),
  stage text check (stage in ('extract', 'download', 'convert', 'store')),
  progress real not null default 0,
  speed real,
  eta real,
  size bigint,
  title text,
  duration double precision,
  converting boolean not null default false,
  item bigint references library_item on delete set null,
  error_code text,
  error_message text,
  attempt integer not null default 0,
  failures integer not null default 0,
  priority integer not null default 0,
  run_after timestamptz not null default now(),
  held_by text,
  lease_until timestamptz,
  cancel_requested boolean not null default false,
  pause_requested boolean not null default false,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  cleared_at timestamptz,
  constraint download_held check ((state = 'running') = (held_by is not null)));
create unique index if not exists download_wish on download (owner, coalesce(folder, 0), source_key)
  where state in ('queued', 'running', 'parked', 'paused', 'waiting');
create unique index if not exists download_source on download (source_key) where state = 'running';
create index if not exists download_due on download (priority desc, created_at, id) where state = 'queued';
create index if not exists download_site on download (site) where state = 'running';
create index if not exists download_list on download (owner, id) where cleared_at is null;
create index if not exists download_item on download (item);
create index if not exists download_folder on download (folder);
"""

# As `huey.storage.PostgresStorage` makes them with its prefix "huey"; it is told not to make tables itself.
QUEUE = """
create table if not exists huey_kv (
  queue text not null, key text not null, value bytea not null, primary key (queue, key));
create table if not exists huey_schedule (
  id bigserial primary key, queue text not null, data bytea not null, timestamp double precision not null);
create index if not exists huey_schedule_queue_timestamp on huey_schedule (queue, timestamp);
create table if not exists huey_task (
  id bigserial primary key, queue text not null, data bytea not null,
  priority double precision not null default 0.0);
create index if not exists huey_task_queue_priority_id on huey_task (queue, priority desc, id);
create table if not exists huey_counter (
  queue text not null, key text not null, value bigint not null default 0, primary key (queue, key));
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        for statements in (PEOPLE, WORDS, LIBRARY, COUNTING, DOWNLOADS, QUEUE):
            await engine.execute(statements)

    manager.add_raw(run)
    return manager
