"""Code of a hostile yt-dlp that speaks as the fetch child does, for the tests that attack with one."""

# `found(live=...)` says what the child found at the link, and returns when the server asks for it; the channel is the
# real one.
FOUND = """
import sys
def found(live):
    frame = sys._getframe()
    while "channel" not in frame.f_locals:
        frame = frame.f_back
    channel = frame.f_locals["channel"]
    facts = dict.fromkeys("id extractor webpage_url duration uploader thumbnail filesize begins".split())
    channel.say("info", title="Film", live=live, upcoming=False, chapters=[], subtitles=[], heights=[], **facts)
    sys.stdin.readline()
    return channel
"""
