"""The items of the library as exported trees need them: with their files, metadata, channels and playlists."""

from collections.abc import Iterable

from mediafetcher.db import engine
from mediafetcher.library.export.rows import FolderRow, ItemRow

# Items with their files and metadata: several tables, and expressions over the facts of a source. A channel has the
# name that its newest item has. $3: with the playlist of an item; a list of a whole channel counts less than another
# one, and then the oldest list.
_ITEMS = """
with named as (
  select c.*, n.channel_name from (select distinct owner, channel, channel_site from library_item
    where id = any($1) and channel is not null) c
  cross join lateral (select m.channel_name from library_item o join source_metadata m on m.id = o.metadata
    where o.owner = c.owner and o.trashed_at is null and o.channel = c.channel
      and o.channel_site is not distinct from c.channel_site and m.channel_name is not null
    order by coalesce(o.published_at, '0002-01-01 00:00:00+00'::timestamptz) desc, o.id desc limit 1) n)
select i.id, i.owner, i.folder, i.title, i.uploader, i.site, i.created_at, m.sha256, m.ext,
  coalesce(i.source_url, x.facts ->> 'webpage_url') as source_url,
  m.size, m.duration, m.poster, m.subtitles, m.width, m.height, m.video_codec, m.audio_codec, m.audio_tracks,
  i.published_at, x.published_precision, (x.facts ->> 'year')::int as year,
  i.channel, i.channel_site, coalesce(n.channel_name, x.channel_name) as channel_name, x.channel_url,
  x.facts ->> 'extractor' as extractor, x.facts ->> 'series' as series,
  (x.facts ->> 'season_number')::int as season_number, (x.facts ->> 'episode_number')::int as episode_number,
  x.facts ->> 'artist' as artist, x.facts ->> 'album_artist' as album_artist, x.facts ->> 'album' as album,
  x.facts ->> 'track' as track, (x.facts ->> 'track_number')::int as track_number,
  p.playlist, p.playlist_title, p.playlist_position{more}
from library_item i join media_file m on m.id = i.media_file left join source_metadata x on x.id = i.metadata
  left join named n on n.owner = i.owner and n.channel = i.channel
    and n.channel_site is not distinct from i.channel_site
  left join lateral (select l.id as playlist, l.title as playlist_title, e.position as playlist_position
    from source_list_entry e join source_list l on l.id = e.list
    where $3 and l.owner = i.owner and e.url = i.source_url
    order by coalesce(starts_with(l.url, x.channel_url) or starts_with(l.title, x.channel_name), false), l.id
    limit 1) p on true
where i.id = any($1) and i.trashed_at is null and ($2::bigint[] is null or i.owner = any($2))
"""
# Not for the other items of a show: a description may have 20 kB.
_DETAILS = """, x.facts ->> 'description' as description, x.facts ->> 'extractor_id' as extractor_id,
  x.facts ->> 'genre' as genre, array(select jsonb_array_elements_text(x.facts -> 'tags')) as tags,
  array(select jsonb_array_elements_text(x.facts -> 'categories')) as categories,
  array(select jsonb_array_elements_text(x.facts -> 'cast')) as actors"""
# Recursive, upwards from several folders.
_ABOVE = """
with recursive up as (select id, parent, name from folder where id = any($1)
  union select f.id, f.parent, f.name from folder f join up on f.id = up.parent)
select * from up
"""


async def folders_above(ids: Iterable[int | None]) -> list[FolderRow]:
    """Return these folders of the library and those above them."""
    rows = await engine.records(_ABOVE, [id for id in ids if id is not None])
    return [FolderRow(**row) for row in rows]


async def items(
    ids: list[int], owners: list[int] | None, layouts: Iterable[str], *, details: bool = False
) -> list[ItemRow]:
    """Return the items of these owners (None: all) that are to be shown.

    `layouts`: of their tree; `details`: also what only their descriptions need.
    """
    statement = _ITEMS.format(more=_DETAILS if details else "")
    rows = await engine.records(statement, ids, owners, "show-by-playlist" in layouts)
    return [ItemRow(**row) for row in rows]
