"""Many files and large ones: import, check, export, one file of 8 GB; with `--deep` the counts of docs/library.md."""

import library_bench
from figures import GIB, Figure


def adopting(*, quick: bool = False, deep: bool = False) -> list[Figure]:
    """Import many small files and a few large ones into a new library, again, and check everything."""
    count = 100_000 if deep else 500 if quick else 2000
    small = library_bench.import_files(count)
    films = library_bench.import_films(*(16, 256 << 20) if deep else (6, 64 << 20))
    rate, peak = count / small.adopted.seconds, max(small.adopted.memory)
    grown, checked = library_bench.growth(small.adopted.memory), small.checked.seconds
    share = films.peer / films.adopted.seconds
    return [
        Figure(f"import of {count} small files, from exec to end", f"{rate:.0f} a second", ">= 100", rate >= 100),
        Figure("its memory (PSS)", f"{peak / 1e6:.0f} MB", "<= 150 MB", peak <= 150e6),
        Figure("its growth after the first quarter", f"{grown / 1e6:.0f} MB", "<= 30 MB", grown <= 30e6),
        Figure("the same import again", f"{small.again.seconds:.1f} s", "", good=True),
        Figure("check of them", f"{checked:.1f} s", "< 60 s", checked < 60),
        Figure("memory of the check", f"{max(small.checked.memory) / 1e6:.0f} MB", "", good=True),
        Figure("import of films", f"{films.size / films.adopted.seconds / 1e6:.0f} MB/s", "", good=True),
        Figure("beside cp, sync and sha256sum", f"{share:.0%}", "", good=True),
    ]


def large(*, deep: bool = False) -> list[Figure]:
    """Hash and store one large file of random bytes."""
    size = 8 * GIB if deep else GIB // 2
    run = library_bench.large(size)
    return [
        Figure(f"{size / GIB:g} GiB stored: extra memory", f"{run.memory / 1e6:.0f} MB", "< 40 MB", run.memory < 40e6),
        Figure("its speed", f"{size / run.seconds / 1e6:.0f} MB/s", "", good=True),
        Figure("beside cp, sync and sha256sum", f"{run.peer / run.seconds:.0%}", "", good=True),
    ]


def export(*, deep: bool = False) -> list[Figure]:
    """Make a tree of links for a library, and change it once."""
    count = 20_000 if deep else 1000
    run = library_bench.export_tree(count)
    return [
        Figure(f"export of {count} items", f"{run.whole:.1f} s", "", good=True),
        Figure("the same again", f"{run.rebuilt:.1f} s", "", good=True),
        Figure("one change followed", f"{run.change * 1e3:.0f} ms", "< 100 ms", run.change < 0.1),
    ]
