"""Language tags (BCP 47), and the codes of three letters (ISO 639-2) that media files have."""

import re
from typing import Literal

ORIGINAL = "original"  # instead of a tag: the language in which something was made

Closeness = Literal[0, 1, 2]  # no match; the same language; also the same region

# ISO 639-1 and the terminological code of ISO 639-2, without a space between them.
_PAIRS = """
    aaaar ababk aeave afafr akaka amamh anarg arara asasm avava ayaym azaze babak bebel bgbul bhbih bibis bmbam bnben
    bobod brbre bsbos cacat ceche chcha cocos crcre csces cuchu cvchv cycym dadan dedeu dvdiv dzdzo eeewe elell eneng
    eoepo esspa etest eueus fafas ffful fifin fjfij fofao frfra fyfry gagle gdgla glglg gngrn guguj gvglv hahau heheb
    hihin hohmo hrhrv hthat huhun hyhye hzher iaina idind ieile igibo iiiii ikipk ioido isisl itita iuiku jajpn jvjav
    kakat kgkon kikik kjkua kkkaz klkal kmkhm knkan kokor krkau kskas kukur kvkom kwcor kykir lalat lbltz lglug lilim
    lnlin lolao ltlit lulub lvlav mgmlg mhmah mimri mkmkd mlmal mnmon mrmar msmsa mtmlt mymya nanau nbnob ndnde nenep
    ngndo nlnld nnnno nonor nrnbl nvnav nynya ococi ojoji omorm orori ososs papan pipli plpol pspus ptpor quque rmroh
    rnrun roron rurus rwkin sasan scsrd sdsnd sesme sgsag sisin skslk slslv smsmo snsna sosom sqsqi srsrp ssssw stsot
    susun svswe swswa tatam tetel tgtgk ththa titir tktuk tltgl tntsn toton trtur tstso tttat twtwi tytah uguig ukukr
    ururd uzuzb veven vivie vovol wawln wowol xhxho yiyid yoyor zazha zhzho zuzul
"""
_LONG = {pair[:2]: pair[2:] for pair in _PAIRS.split()}
TWO_LETTERS = frozenset(_LONG)
# Codes that mean the same: the bibliographic ones of ISO 639-2, and withdrawn ones.
_SAME = {
    "alb": "sqi", "arm": "hye", "baq": "eus", "bur": "mya", "chi": "zho", "cze": "ces", "dut": "nld", "fre": "fra",
    "geo": "kat", "ger": "deu", "gre": "ell", "ice": "isl", "mac": "mkd", "mao": "mri", "may": "msa", "per": "fas",
    "rum": "ron", "slo": "slk", "tib": "bod", "wel": "cym", "iw": "heb", "in": "ind", "ji": "yid", "jw": "jav",
    "mo": "ron", "sh": "srp",
}  # fmt: skip
# Frequent languages. Only their codes of three letters are looked for in names of files, where others are words.
_FREQUENT = """
    af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk km kn ko la
    lb lo lt lv mk ml mn mr ms mt my nb ne nl nn no pa pl ps pt ro ru si sk sl so sq sr sv sw ta te th tl tr uk ur uz vi
    xh yi zh zu
"""
_LONG_FREQUENT = {_LONG[code] for code in _FREQUENT.split()} | {"fil", "yue"}  # Filipino, Cantonese
FREQUENT = frozenset(
    _LONG_FREQUENT | {code for code, same in _SAME.items() if len(code) == 3 and same in _LONG_FREQUENT}
)
_NO_LANGUAGE = {"und", "mul", "zxx", "mis", "qaa"}
_THREE = re.compile(r"[a-z]{3}")


def three_letters(tag: str | None) -> str:
    """Return the code of ISO 639-2 for a tag such as `de`, `pt-BR` or `ger`; `und` if there is none."""
    main = (tag or "").strip().lower().replace("_", "-").partition("-")[0]
    code = _SAME.get(main) or _LONG.get(main) or main
    return code if _THREE.fullmatch(code) and code not in _NO_LANGUAGE else "und"


def closeness(wanted: str, given: str | None) -> Closeness:
    """Tell how well a language fits a wanted one: `de` fits `de-AT` and `ger`, `pt-BR` fits `pt` but not `pt-PT`."""
    if three_letters(wanted) == "und" or three_letters(wanted) != three_letters(given):
        return 0
    rest, rest_given = _regions(wanted), _regions(given or "")
    if rest == rest_given[: len(rest)]:
        return 2
    return 0 if rest_given else 1


def _regions(tag: str) -> list[str]:
    return tag.strip().lower().replace("_", "-").split("-")[1:]
