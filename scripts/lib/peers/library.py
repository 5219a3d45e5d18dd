"""The list routes of the library, written with FastAPI, SQLAlchemy and uvicorn: the same bodies.

Started by the benchmark: `python library.py SOCKET_FOLDER PORT`, on the database of the compared program.
"""

import base64
import hashlib
import json
import sys
from collections.abc import Sequence
from datetime import datetime

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel
from sqlalchemy import BigInteger, DateTime, ForeignKey, LargeBinary, Text, and_, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class TokenRow(Base):
    __tablename__ = "token"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    owner: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class FolderRow(Base):
    __tablename__ = "folder"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(Text)


class MediaRow(Base):
    __tablename__ = "media_file"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    duration: Mapped[float | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    video_codec: Mapped[str | None]
    audio_codec: Mapped[str | None]
    poster: Mapped[bool]
    playable: Mapped[bool | None]
    damaged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    subtitles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    cut_at_origin: Mapped[bool]
    ref_count: Mapped[int]


class WatchRow(Base):
    __tablename__ = "watch"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    owner: Mapped[int] = mapped_column(BigInteger)
    media_file: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[float]


class ListRow(Base):
    __tablename__ = "source_list"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    owner: Mapped[int] = mapped_column(BigInteger)


class EntryRow(Base):
    __tablename__ = "source_list_entry"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    list: Mapped[int] = mapped_column(ForeignKey("source_list.id"))
    position: Mapped[int]
    url: Mapped[str]


class MetadataRow(Base):
    __tablename__ = "source_metadata"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    channel: Mapped[str | None]
    channel_name: Mapped[str | None]
    channel_url: Mapped[str | None]


class ItemRow(Base):
    __tablename__ = "library_item"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    owner: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str]
    source: Mapped[int | None] = mapped_column(BigInteger)
    source_url: Mapped[str | None]
    site: Mapped[str | None]
    uploader: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    trashed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    search: Mapped[str] = mapped_column(TSVECTOR)
    folder: Mapped[int | None] = mapped_column(ForeignKey("folder.id"))
    media_file: Mapped[int] = mapped_column(ForeignKey("media_file.id"))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    metadata_id: Mapped[int | None] = mapped_column("metadata", ForeignKey("source_metadata.id"))
    metadata_row: Mapped[MetadataRow | None] = relationship()
    folder_row: Mapped[FolderRow | None] = relationship()
    media_row: Mapped[MediaRow] = relationship()
    watch_row: Mapped[WatchRow | None] = relationship(
        primaryjoin="and_(foreign(ItemRow.media_file) == WatchRow.media_file, ItemRow.owner == WatchRow.owner)",
        viewonly=True,
    )


class Channel(BaseModel):
    id: str
    name: str
    url: str | None


class Media(BaseModel):
    sha256: str
    size: int
    kind: str
    width: int | None
    height: int | None
    video_codec: str | None
    audio_codec: str | None
    cut_at_origin: bool
    ref_count: int


class ListPlace(BaseModel):
    id: int
    position: int


class Item(BaseModel):
    id: int
    title: str
    folder: str
    duration: float | None
    position: float | None
    watched: bool
    list: ListPlace | None
    source: int | None
    never: bool
    keep: bool
    playable: bool
    damaged: bool
    source_url: str | None
    site: str | None
    uploader: str | None
    published_at: datetime | None
    channel: Channel | None
    created_at: datetime
    trashed_at: datetime | None
    poster: bool
    subtitles: Sequence[str]
    media: Media
    chapters: Sequence[str] = []
    description: str | None = None
    tags: Sequence[str] = []
    categories: Sequence[str] = []
    year: int | None = None
    views: int | None = None
    audio_languages: Sequence[str] = []
    audio_tracks: Sequence[str] = []
    subscription: None = None  # said of a single item alone


class Items(BaseModel):
    items: list[Item]
    next: str | None


engine = create_async_engine(sys.argv[1].replace("postgresql:", "postgresql+asyncpg:", 1), pool_size=10)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


async def session():
    async with sessions() as opened:
        yield opened


async def person(authorization: str = Header(), db: AsyncSession = Depends(session)) -> int:
    digest = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).digest()
    owner = await db.scalar(select(TokenRow.owner).where(TokenRow.hash == digest))
    if owner is None:
        raise HTTPException(401)
    return owner


@app.get("/api/items", response_model=Items)
async def items(
    q: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
    owner: int = Depends(person),
    db: AsyncSession = Depends(session),
):
    query = (
        select(ItemRow)
        .where(and_(ItemRow.owner == owner, ItemRow.trashed_at.is_(None)))
        .options(joinedload(ItemRow.media_row), joinedload(ItemRow.folder_row), joinedload(ItemRow.watch_row))
        .options(joinedload(ItemRow.metadata_row))
        .order_by(ItemRow.created_at.desc(), ItemRow.id.desc())
        .limit(limit + 1)
    )
    if q:
        words = " & ".join(f"{word}:*" for word in q.split())
        query = query.where(ItemRow.search.op("@@")(func.to_tsquery(text("'simple'"), words)))
    if cursor:
        key, last = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        query = query.where(tuple_(ItemRow.created_at, ItemRow.id) < (datetime.fromisoformat(key), last))
    rows = (await db.scalars(query)).all()
    shown = rows[:limit]
    places = await list_places(db, owner, [row.source_url for row in shown])
    more = None
    if len(rows) > limit:
        raw = json.dumps([shown[-1].created_at.isoformat(), shown[-1].id]).encode()
        more = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return Items(items=[shape(row, places) for row in shown], next=more)


async def list_places(db: AsyncSession, owner: int, urls: Sequence[str | None]) -> dict[str, ListPlace]:
    entries = await db.scalars(
        select(EntryRow)
        .join(ListRow)
        .where(ListRow.owner == owner, EntryRow.url.in_(urls))
        .order_by(EntryRow.list.desc())
    )
    return {entry.url: ListPlace(id=entry.list, position=entry.position) for entry in entries}


def channel_of(row: MetadataRow | None) -> Channel | None:
    if row is None or not row.channel:
        return None
    return Channel(id=row.channel, name=row.channel_name or row.channel, url=row.channel_url)


def shape(row: ItemRow, places: dict[str, ListPlace]) -> Item:
    media = row.media_row
    position = row.watch_row.position if row.watch_row else None
    return Item(
        id=row.id,
        title=row.title,
        folder=row.folder_row.name if row.folder_row else "",
        duration=media.duration,
        position=position,
        watched=bool(position) and position >= (media.duration or position + 1) * 0.95,
        list=places.get(row.source_url or ""),
        source=row.source,
        never=False,
        keep=False,
        playable=bool(media.playable),
        damaged=media.damaged_at is not None,
        source_url=row.source_url,
        site=row.site,
        uploader=row.uploader,
        published_at=row.published_at,
        channel=channel_of(row.metadata_row),
        created_at=row.created_at,
        trashed_at=row.trashed_at,
        poster=media.poster,
        subtitles=media.subtitles,
        media=Media(
            sha256=media.sha256.hex(),
            size=media.size,
            kind=media.kind,
            width=media.width,
            height=media.height,
            video_codec=media.video_codec,
            audio_codec=media.audio_codec,
            cut_at_origin=media.cut_at_origin,
            ref_count=media.ref_count,
        ),
    )


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False)
