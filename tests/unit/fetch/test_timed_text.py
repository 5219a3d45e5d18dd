"""Subtitles as TTML and in fragmented MP4."""

import pytest

from mediafetcher.fetch.child.subtitles import text_samples, ttml
from tests.site import mp4_texts as made


def _cues(body: str, attributes: str = "") -> list[ttml.Cue]:
    text = made.TTML.format(body).replace("xml:lang", f"{attributes} xml:lang", 1)
    return ttml.cues(text.encode())


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        ("00:00:01.500", "00:00:02", (1.5, 2)),
        ("00:01:00:05", "00:01:01:00", (60.2, 61)),  # frames
        ("1.5s", "2500ms", (1.5, 2.5)),
        ("1m", "0.05h", (60, 180)),
        ("50f", "75f", (2, 3)),
        ("20000000t", "30000000t", (2, 3)),
        ("90", "91", (90, 91)),
    ],
)
def test_time_of_every_form_is_read(begin, end, expected):
    [(first, last, _)] = _cues(f'<p begin="{begin}" end="{end}">A</p>', 'ttp:tickRate="10000000"')
    assert (first, last) == pytest.approx(expected)


def test_times_count_from_the_element_around_them():
    cues = _cues('<div begin="10s"><p begin="1s" dur="2s">A</p><p begin="4s" end="5s"><span>B</span></p></div>')
    assert cues == [(11, 13, "A"), (14, 15, "B")]


def test_spans_with_times_of_their_own_are_cues():
    assert _cues('<p begin="1s" end="9s"><span begin="0s" end="1s">A</span><span begin="2s">B</span></p>') == [
        (1, 2, "A"),
        (3, 9, "B"),
    ]


def test_lines_and_spaces_are_those_that_are_seen():
    body = '<p begin="0s" end="1s">\n  One  <span>word</span><br/>\n two<metadata>x</metadata>\n</p>'
    assert _cues(body) == [(0, 1, "One word\ntwo")]


def test_lines_of_the_same_time_are_one_cue():
    assert _cues('<p begin="0s" end="1s">A</p><p begin="0s" end="1s">B</p>') == [(0, 1, "A\nB")]


@pytest.mark.parametrize("data", [b"", b"<html>", b"{}", b'<!DOCTYPE a [<!ENTITY b "c">]><tt/>', b"\xff\xfe"])
def test_other_document_than_timed_text_is_refused(data):
    with pytest.raises(ValueError, match="timed text"):
        ttml.cues(data)


def test_srt_has_numbers_and_times():
    assert ttml.as_srt([(3661.5, 3662, "A\nB")]) == b"1\n01:01:01,500 --> 01:01:02,000\nA\nB\n"


def test_documents_in_mp4_become_cues():
    documents = [made.TTML.format(f'<p begin="{at}s" end="{at + 1}s">Line {at}</p>').encode() for at in (1, 5)]
    data = b"".join(made.fragment(at, [(4, document)]) for at, document in zip((0, 4), documents, strict=True))
    assert text_samples.cues(made.head(b"stpp"), data) == [(1, 2, "Line 1"), (5, 6, "Line 5")]


def test_document_whose_times_count_from_its_sample_is_moved():
    document = made.TTML.format('<p begin="1s" end="2s">A</p>').encode()
    assert text_samples.cues(made.head(b"stpp"), made.fragment(60, [(4, document)])) == [(61, 62, "A")]


def test_cues_in_mp4_have_the_times_of_their_samples():
    samples = [(1.0, made.EMPTY), (1.5, made.cue("Hello\nyou") + made.cue("Also")), (2.0, made.EMPTY)]
    assert text_samples.cues(made.head(b"wvtt"), made.fragment(8, samples)) == [(9, 10.5, "Hello\nyou\nAlso")]


@pytest.mark.parametrize(
    "head", [b"", made.head(b"avc1"), made.head(b"stpp")[:-20], made.box(b"moov", b"\0\0\0\1xxxx")]
)
def test_mp4_without_subtitles_is_refused(head):
    with pytest.raises(ValueError, match="MP4"):
        text_samples.cues(head, made.fragment(0, [(1, b"")]))
