"""`seed.py STATE USER N [CHANNEL]`: N items for a person, perhaps of one channel.

They are written straight into the database of a running server. Nothing of it lies on disk: enough for lists, scrolling
and search, which is what it is for.
"""

import asyncio
import sys
from pathlib import Path

import asyncpg

from mediafetcher.db.embedded import Cluster
from mediafetcher.library.catalog import text_index

SEASONS = ("summer", "autumn", "winter", "spring")
FILES = """
insert into media_file (sha256, size, kind, ext, duration, width, height, video_codec, audio_codec)
select sha256(('seed ' || n)::bytea), 1000000 + (n::bigint * 7919) % 900000000,
  case when n % 5 = 0 then 'audio/mp4' else 'video/mp4' end, case when n % 5 = 0 then '.m4a' else '.mp4' end,
  30 + (n * 31) % 7000, 1280, 720, 'h264', 'aac'
from generate_series(1, $1::int) n
on conflict do nothing
"""
ITEMS = """
insert into library_item (owner, media_file, title, uploader, site, created_at, search, sort_key, text_version)
select a.id, m.id, t.title, t.uploader, t.site, now() - interval '1 day' - make_interval(secs => t.n),
  t.search::tsvector, t.sort_key, $7
from account a, media_file m
join unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) with ordinality
  as t (title, uploader, site, search, sort_key, n) on m.sha256 = sha256(('seed ' || t.n)::bytea)
where a.name = $1
"""


CHANNEL = """
with made as (insert into source_metadata (channel, channel_name) values ($2, $2) returning id)
update library_item i set metadata = made.id from made, account a
where a.name = $1 and i.owner = a.id and i.metadata is null and i.title like 'Seeded film%'
"""


async def main(state: str, user: str, count: int, channel: str) -> None:
    names = [_texts(n) for n in range(1, count + 1)]
    texts = [text_index.of(*each) for each in names]
    columns = [*zip(*names, strict=True), [each.search for each in texts], [each.sort_key for each in texts]]
    database = await asyncpg.connect(Cluster(Path(state)).dsn)
    try:
        await database.execute(FILES, count)
        await database.execute(ITEMS, user, *map(list, columns), text_index.VERSION)
        if channel:
            await database.execute(CHANNEL, user, channel)
        await database.execute("analyze")
    finally:
        await database.close()


def _texts(n: int) -> tuple[str, str, str]:
    """Title, uploader and site."""
    return f"Seeded film {n} of the {SEASONS[n % 4]}", f"uploader{n % 50}", f"site{n % 7}.example"


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), (*sys.argv[4:], "")[0]))
