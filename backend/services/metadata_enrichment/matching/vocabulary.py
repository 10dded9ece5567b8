"""The words by which titles name a version, for texts as `normalisation.latin` writes them.

The order counts: what an earlier pattern has taken, a later one does not see (a "radio mix" is an edit).
"""

import re

YEAR = re.compile(r"\b(?:19|20)\d\d\b")
POSSESSIVE = re.compile(r"['’]s\b", re.IGNORECASE)
WHOSE = re.compile(r"^(.+?)['’]s version\b", re.IGNORECASE)
_LANGUAGES = (
    "spanish|english|french|german|italian|portuguese|japanese|korean|chinese|mandarin|russian|hindi|arabic|"
    "espanol|espanola|francaise|deutsch|italiano|portugues"
)
REMASTER = re.compile(
    r"\b(?:(\d{4}) )?(?:digital |digitally )?re ?master(?:ed)?"
    r"(?: version| edition| mix)?(?: (?:in )?(\d{4}))?\b"
)
MARKS = re.compile(
    r"\b(?:(?:original|album|single|main|lp|standard|7(?: inch)?) (?:mix|version)|original|"
    r"(?:19|20)\d\d (?:stereo |mono )?mix|stereo|mono|explicit|clean|bonus track|deluxe(?: edition)?|"
    r"from the vault|official (?:audio|video))\b"
)
NEUTRAL_MARKS = frozenset({"explicit", "clean", "bonus track", "deluxe", "deluxe edition", "stereo"})
KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"\b(?:{words})\b"))
    for kind, words in (
        ("karaoke", r"karaoke|backing track|sing ?along|minus one"),
        (
            "cover",
            r"cover version|cover (?:by|of)|covered by|cover$|tribute(?: to)?|rendition|in the style of|"
            r"(?:as )?made famous by|originally performed by|as performed by",
        ),
        ("sped up", r"spe(?:e)?d ?up|nightcore|double speed|sped"),
        ("slowed", r"slowed(?: down)?|chopped|screwed"),
        ("a cappella", r"a ?cap+ell?a|vocals only"),
        ("instrumental", r"instrumental"),
        ("re-recorded", r"re ?record(?:ed|ing)|newly recorded|new recording"),
        (
            "language",
            rf"(?:in|en|auf|version) (?:{_LANGUAGES})|(?:{_LANGUAGES}) (?:version|mix|edit)|"
            rf"^(?:{_LANGUAGES})$",
        ),
        ("vip", r"vip"),
        ("bootleg", r"bootleg|mash ?up|flip$"),
        (
            "rework",
            r"rework(?:ed)?|refix|re ?edit|redux|re ?imagin(?:ed|ing)|reinterpretation|overhaul|minimix",
        ),
        ("dub", r"dub(?: mix| version)?$|dub (?:mix|version|edit)"),
        (
            "extended",
            r"extended|full(?: length)? (?:version|mix)|(?:long|12(?: inch)?) (?:version|mix)|12 inch",
        ),
        ("club", r"club (?:mix|version|edit)"),
        ("edit", r"edit(?:ed)?|(?:radio|short|video) (?:mix|cut|version)|single (?:mix|cut)|short"),
        ("remix", r"re ?mix(?:ed|es)?|rmx"),
        ("mixed", r"mixed|dj mix|continuous mix"),
        ("live", r"live|in concert|concert version|unplugged|sessions?$|sessions? version"),
        ("acoustic", r"acoustic|stripped(?: down| back)?"),
        ("piano", r"piano (?:version|mix|rendition|edit)|^(?:solo )?piano$"),
        ("orchestral", r"(?:orchestral|symphonic|orchestra)(?: version| mix)?$"),
        ("demo", r"demos?|rough mix|work tape|rehearsal"),
        ("alternate", r"(?:alternate|alternative|early|unreleased) (?:version|take|mix)|outtake|take \d+"),
        ("reprise", r"reprise|interlude"),
        ("medley", r"medley|megamix"),
        ("spoken", r"commentary|voice memo|interview|spoken word"),
    )
)
_ANY = (*(pattern.pattern for _, pattern in KINDS), REMASTER.pattern, MARKS.pattern, r"\b(?:mix|version)\b")
HINT = re.compile("|".join(_ANY))
"""Found in every text that says anything about a version: most titles say nothing, and are read fast."""
RADIO = re.compile(r"\b(?:radio|short|single|video)\b")
LANGUAGE = re.compile(rf"\b(?:{_LANGUAGES})\b")
CALLS_ITSELF = re.compile(r"\b(?:mix|version)(?:$| by )|\boriginal$")
FILLER = re.compile(
    r"\b(?:versions?|mix|the|official|audio|video|vocal|a|at|in|from|on|by|of|s|dj|en|auf|radio|short|single|up)\b"
)
JOINING = frozenset({"and", "vs", "x", "with"})
LIVE_ALBUM = re.compile(
    r"\blive (?:at|in|from|on)\b|\bin concert\b|\bunplugged\b|(?:^|[(\[:–-]\s*)live[)\]]?$", re.IGNORECASE
)
