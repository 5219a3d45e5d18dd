"""`seed.py STATE USER N`: N items for a person, written straight into the database of a running server.

Nothing of it lies on disk: enough for lists, scrolling and search, which is what it is for.
"""

import asyncio
import sys
from pathlib import Path

import asyncpg

from mediafetcher.db.embedded import Cluster

FILES = """
insert into media_file (sha256, size, kind, ext, duration, width, height, video_codec, audio_codec)
select sha256(('seed ' || n)::bytea), 1000000 + (n::bigint * 7919) % 900000000,
  case when n % 5 = 0 then 'audio/mp4' else 'video/mp4' end, case when n % 5 = 0 then '.m4a' else '.mp4' end,
  30 + (n * 31) % 7000, 1280, 720, 'h264', 'aac'
from generate_series(1, $1::int) n
on conflict do nothing
"""
ITEMS = """
insert into library_item (owner, media_file, title, uploader, site, created_at)
select a.id, f.id, 'Seeded film ' || f.n || ' of the ' || (array['summer', 'autumn', 'winter', 'spring'])[1 + f.n % 4],
  'uploader' || f.n % 50, 'site' || f.n % 7 || '.example', now() - interval '1 day' - make_interval(secs => f.n)
from account a, (select id, n from media_file m join generate_series(1, $1::int) n
  on m.sha256 = sha256(('seed ' || n)::bytea)) f
where a.name = $2
"""


async def main(state: str, user: str, count: int) -> None:
    database = await asyncpg.connect(Cluster(Path(state)).dsn)
    try:
        await database.execute(FILES, count)
        await database.execute(ITEMS, count, user)
        await database.execute("analyze")
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
