"""The seventeenth version: the changes that must be written to the journal in the media folder.

Triggers record the key of every account, folder, media file and item that changes, so no statement can omit it. The
writer (library/recovery/journal.py) reads the rows themselves when it writes them. Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0017_journal"
VERSION = "1.38.0"
DESCRIPTION = "Journal of the library in the media folder"

# `epoch` and `size` are those of the file that is appended to; a file that differs belongs to another history.
TABLES = """
create table if not exists journal_state (
  id integer primary key default 1 check (id = 1),
  recording boolean not null default true,
  generation integer not null default 0 check (generation >= 0),
  epoch uuid,
  size bigint not null default 0,
  base_size bigint not null default 0,
  backed_up_at timestamptz);
insert into journal_state default values on conflict do nothing;

create table if not exists journal_change (
  seq bigserial primary key,
  kind text not null check (kind in ('account', 'folder', 'file', 'item')),
  row_id bigint not null,
  at timestamptz not null default now());
"""

TRIGGERS = """
create or replace function mf_journal() returns trigger language plpgsql as $$
begin
  insert into journal_change (kind, row_id)
    select tg_argv[0], coalesce(new.id, old.id) from journal_state where recording;
  return null;
end $$;
create or replace trigger account_journal after insert or delete or update of name, admin, quota on account
  for each row execute function mf_journal('account');
create or replace trigger folder_journal after insert or delete or update of owner, parent, name on folder
  for each row execute function mf_journal('folder');
create or replace trigger media_file_journal after insert or delete on media_file
  for each row execute function mf_journal('file');
create or replace trigger media_file_facts_journal
  after update of ext, duration, poster, subtitles, chapters, playable on media_file for each row
  when ((old.ext, old.duration, old.poster, old.subtitles, old.chapters, old.playable) is distinct from
    (new.ext, new.duration, new.poster, new.subtitles, new.chapters, new.playable))
  execute function mf_journal('file');
create or replace trigger library_item_journal
  after insert or delete or update of owner, folder, media_file, title, source_url, site, uploader, trashed_at
  on library_item for each row execute function mf_journal('item');
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(TABLES)
        await engine.execute(TRIGGERS)

    manager.add_raw(run)
    return manager
