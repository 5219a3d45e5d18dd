"""The forty-fifth version: channels as lists of items, and items filtered by channel, tag and published date.

`library_item.channel` and `channel_site` are copies for the indexes; the triggers of `published_at` keep them. Safe to
run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0045_channels"
VERSION = "1.38.0"
DESCRIPTION = "Channels"

COLUMNS = """
alter table source_metadata add column if not exists channel_site text;
alter table library_item add column if not exists channel text;
alter table library_item add column if not exists channel_site text;
"""

# The host of the channel's link or else of the source's, as `net.urls.site` names it.
SITES = r"""
update source_metadata set channel_site = lower(substring(coalesce(channel_url, facts ->> 'webpage_url')
    from '^https?://(?:[^/?#@]*@)?(?:(?:www|m|mobile)\.(?=[^/:?#]*\.))?([^/:?#]+)'))
  where channel is not null and channel_site is null;
"""

COPIES = """
create or replace function mf_item_published() returns trigger language plpgsql as $$
begin
  new.published_at := null;
  new.channel := null;
  new.channel_site := null;
  select published_at, channel, channel_site into new.published_at, new.channel, new.channel_site
    from source_metadata where id = new.metadata;
  return new;
end $$;

create or replace function mf_metadata_published() returns trigger language plpgsql as $$
begin
  update library_item set published_at = new.published_at, channel = new.channel, channel_site = new.channel_site
    where metadata = new.id;
  return null;
end $$;
create or replace trigger source_metadata_published after update of published_at, channel, channel_site
  on source_metadata for each row
  when ((old.published_at, old.channel, old.channel_site) is distinct from
    (new.published_at, new.channel, new.channel_site)) execute function mf_metadata_published();

update library_item i set channel = x.channel, channel_site = x.channel_site from source_metadata x
  where x.id = i.metadata and (i.channel, i.channel_site) is distinct from (x.channel, x.channel_site);
"""

# Items without a date are the last in both directions. The second one also counts the items of each channel.
INDEXES = """
create index if not exists library_item_channel on library_item
  (owner, channel, coalesce(published_at, '9999-12-31 00:00:00+00'::timestamptz), id) where trashed_at is null;
create index if not exists library_item_channel_down on library_item
  (owner, channel, coalesce(published_at, '0002-01-01 00:00:00+00'::timestamptz), id)
  include (channel_site, published_at) where trashed_at is null;
create index if not exists source_metadata_tags on source_metadata
  using gin ((lower(facts ->> 'tags')::jsonb) jsonb_path_ops);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        for statements in (COLUMNS, SITES, COPIES, INDEXES):
            await engine.execute(statements)

    manager.add_raw(run)
    return manager
