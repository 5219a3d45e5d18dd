"""The kept first answer of a link, beside the threads of the downloader."""

from pathlib import Path
from types import SimpleNamespace

from mediafetcher.fetch.child.network.first_answer import FirstAnswer
from mediafetcher.fetch.options import FILE_STEM


def test_part_that_disappears_during_the_download_stops_nothing(tmp_path: Path) -> None:
    # A part whose name is listed and whose file is missing: another thread has renamed it in between.
    (tmp_path / f"{FILE_STEM}.mp4.part-Frag1.part").symlink_to("gone")
    answers, answer = FirstAnswer(tmp_path), object()
    answers.end()
    request = SimpleNamespace(url="https://site.example/2.m4s", method="GET", data=None, headers={})
    assert answers.open(request, lambda _: answer) is answer
