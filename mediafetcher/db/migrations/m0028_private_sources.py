"""The twenty-eighth version: sources whose bytes others could choose are known to their users alone.

Earlier versions shared them. It concerns links of plain http, links that were fetched through a user's own proxy, and
links of sites for which a user has cookies. Each user who has an item of such a source keeps it, under a key of their
own. The shared key then leads to no file, so others fetch the link for themselves. Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0028_private_sources"
VERSION = "1.38.0"
DESCRIPTION = "Sources that only their users know"

# Keys of one user begin with the user's id; `dedup.private`.
SHARED = """
create temporary table mf_shared on commit drop as
  select s.id, s.key, s.url, s.media_file from source s
  where s.media_file is not null and s.key !~ '^[0-9]+:' and (
    s.url ~* '^http://'
    or exists (select from download d where d.url = s.url and d.options ->> 'proxy' is not null)
    or exists (select from download d join cookie_jar c on c.owner = d.owner and c.site = d.site where d.url = s.url));
"""

# Several keys may lead to one file (the link's and the site's id); an item names one of them.
PRIVATE = """
insert into source (key, url, media_file)
  select distinct on (i.owner, s.key) i.owner || ':' || s.key, s.url, s.media_file
  from mf_shared s
  join source named on named.url = s.url and named.media_file = s.media_file
  join library_item i on i.source = named.id and i.media_file = s.media_file
  order by i.owner, s.key, s.id
  on conflict (key) do nothing;
"""

ITEMS = """
update library_item i set source = own.id
  from mf_shared s, source own
  where i.source = s.id and own.key = i.owner || ':' || s.key;
update source set media_file = null where id in (select id from mf_shared);
drop table mf_shared;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        for statements in (SHARED, PRIVATE, ITEMS):
            await engine.execute(statements)

    manager.add_raw(run)
    return manager
