"""Solves challenges of a small player as yt-dlp does for YouTube: `FOLDER JSON-of-runtimes`, confined as a fetch is."""

import json
import os
import sys
from pathlib import Path

from mediafetcher.fetch import gateway_client
from mediafetcher.fetch.child import javascript
from mediafetcher.fetch.child.network import impersonation
from mediafetcher.fetch.child.protocol import Channel
from mediafetcher.net import egress
from mediafetcher.sandbox import profiles

PLAYER = """
var _player={};(function(g){var first=1;
class Address{constructor(){this.m={}} set(k,v){this.m[k]=v} get(k){return this.m[k]} clone(){return this}
  turn(){if(this.m.n)this.m.n=this.m.n.split("").reverse().join("")}};
function make(url,name,sig){const u=new Address();u.set("alr","yes");if(sig)u.set(name,sig.slice(1));return u};
})(_player);
"""


def main() -> None:
    runtimes = json.loads(sys.argv[2])
    os.environ.update(HOME=sys.argv[1], TMPDIR=sys.argv[1])
    programs = [runtime["path"] for runtime in runtimes.values()]
    channel = Channel()
    profiles.confine_fetch(Path(sys.argv[1]), [], None)
    gateway_client.install(None)
    javascript.stand_in()
    javascript.install(channel, sys.stdin, programs)
    impersonation.absent()
    import yt_dlp
    from yt_dlp.extractor.youtube.jsc._director import initialize_jsc_director
    from yt_dlp.extractor.youtube.jsc.provider import (
        JsChallengeRequest,
        JsChallengeType,
        NChallengeInput,
        SigChallengeInput,
    )

    said: list[str] = []

    class Log:
        def debug(self, text: str) -> None:
            said.append(text)

        info = warning = error = debug

    options = {"quiet": True, "cachedir": False, "js_runtimes": runtimes, "remote_components": [], "logger": Log()}
    extractor = yt_dlp.YoutubeDL(options).get_info_extractor("Youtube")
    director = initialize_jsc_director(extractor)
    for provider in director.providers.values():
        provider._get_player = lambda *_: PLAYER  # what the site's network would give
    asked = [
        JsChallengeRequest(JsChallengeType.N, NChallengeInput("https://x/player.js", ["abc"]), "v"),
        JsChallengeRequest(JsChallengeType.SIG, SigChallengeInput("https://x/player.js", ["xyz"]), "v"),
    ]
    found = {request.type.value: answer.output.results for request, answer in director.bulk_solve(asked)}
    refused = []
    for argv in (
        ["/bin/true"],
        [next(iter(runtimes.values()))["path"], "run", "--allow-net", "-"],
        ["deno", "run", "-"],
    ):
        import subprocess

        try:
            subprocess.run(argv, input=b"", check=False)
        except egress.Blocked:
            refused.append(argv[0])
    channel.say("solved", found=found, refused=len(refused), said=said)


main()
