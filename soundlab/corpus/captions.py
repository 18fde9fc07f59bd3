"""A small grammar that writes English about a scene.

A caption names the sources and some of what was done to them; the rest is left
unsaid, as people leave it. Word banks hold synonyms, so that no sentence form
and no adjective stands for an axis alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from soundlab.corpus.signals import Rng

ADJECTIVES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    axis: (tuple(more.split("|")), tuple(less.split("|")))
    for axis, more, less in (
        (
            "brightness",
            "bright|brilliant|crisp|shiny|sparkling|trebly|clear|airy|brighter|luminous|gleaming|"
            "glinting|sunlit|silvery|sizzling|fizzy|glaring|shimmering",
            "dark|dull|muffled|dim|murky|sombre|subdued|darker|shadowy|veiled|dusky|tenebrous|shaded|"
            "smothered|cloudy|drab|blackened|lightless",
        ),
        (
            "warmth",
            "warm|rich|mellow|full|rounded|cosy|velvety|woolly|balmy|honeyed|snug|buttery|golden|wooden|tubey",
            "cold|icy|sterile|frosty|chilly|glacial|clinical|brittle|freezing|arctic|steel-cold|bloodless",
        ),
        (
            "boominess",
            "boomy|bass-heavy|bassy|weighty|booming|thunderous|sub-laden|rumbling|ground-shaking|"
            "floor-rattling|bottom-heavy|chest-thumping|seismic|subby",
            "thin|lean|bass-free|light-weight|thinned-out|low-cut|tinny|bass-light|hollowed-out|"
            "weightless|telephone-thin",
        ),
        (
            "hardness",
            "hard|sharp|punchy|snappy|percussive|pointed|biting|hard-hitting|stabbing|jagged|cutting|"
            "clicky|needle-sharp|prickly",
            "soft|softened|blunt|rounded-off|blurred|feathery|padded|cottony|pillowy|muted|"
            "gently rounded|woolen|fluffy|mushy",
        ),
        (
            "register",
            "high|high-pitched|shrill|treble|piping|soprano|squeaky|high-register|sky-high|"
            "whistling-high|tiny|ear-piercingly high|fluting",
            "low|low-pitched|deep|baritone|cellar-deep|low-register|bass-register|bottomless|underground|"
            "gigantic|infrasonic|abyssal",
        ),
        (
            "density",
            "dense|busy|thick|crowded|heavy|bustling|packed|swarming|relentless|overcrowded|jam-packed|"
            "profuse|abundant|cluttered|copious",
            "sparse|scattered|occasional|thin-spread|minimal|sporadic|isolated|empty|desert-like|"
            "thinly scattered|bare|barren|stripped-back|lone|spare|rarefied",
        ),
        (
            "speed",
            "fast|quick|rapid|hurried|frantic|racing|speedy|galloping|swift|fleet|rushing|lively|up-tempo|double-time",
            "slow|unhurried|lazy|drawn-out|sluggish|plodding|leisurely|ponderous|crawling|dragging|"
            "trudging|heavy-footed|down-tempo|half-time",
        ),
        (
            "movement",
            "evolving|shifting|swelling|changing|gusting|undulating|restless|drifting|unstable|mutating|"
            "transforming|metamorphosing|wavering|ever-changing|fluctuating|flowing|volatile",
            "static|steady|unchanging|constant|still|even|motionless|uniform|immobile|fixed|stationary|"
            "petrified|unmoving|stagnant|locked",
        ),
        (
            "roughness",
            "distorted|gritty|rough|harsh|overdriven|broken-up|raspy|crunchy|saturated|scratchy|coarse|"
            "grating|sandpapery|scouring|gravelly|fuzzy|torn",
            "clean|smooth|pure|polished|silky|clean-cut|glassy-smooth|immaculate|spotless|untouched|"
            "flawless|unblemished|crystal-clean|neat",
        ),
        (
            "tonality",
            "tonal|pitched|singing|resonant|melodic|harmonic|ringing|musical|tuned|sonorous|chiming|humming",
            "noisy|hissy|breathy|grainy|hissing|dusty|unpitched|static-laden|static-filled|rustling|"
            "hushing|white-noise|sandy",
        ),
        (
            "space",
            "cavernous|reverberant|echoing|huge|spacious|vast|wet|roomy|washed-out|endless|limitless|"
            "infinite|colossal|immense|cathedral-like|open",
            "dry|dead|tight|anechoic|bone-dry|boxy|small|confined|cramped|stuffy|closet-like|padded-cell|"
            "breathless|closed-in|unventilated",
        ),
        (
            "distance",
            "distant|faraway|far-off|remote|far-away|background|half-heard|removed|outlying",
            "close|nearby|close-up|upfront|in-your-face|near|foreground|neighbouring|touching|immediate",
        ),
        (
            "energy",
            "intense|violent|powerful|furious|strong|aggressive|wild|raging|energetic|fierce|savage|"
            "vicious|fiery|vehement|explosive|stormy",
            "calm|gentle|quiet|peaceful|light|relaxed|delicate|subtle|serene|placid|quiescent|untroubled|"
            "soothing|mild|hushed|restful",
        ),
    )
}
"""Adjectives for the +1 and the -1 pole of each axis."""

KINDRED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    axis: (tuple(more.split("|")), tuple(less.split("|")))
    for axis, more, less in (
        ("brightness", "glassy|dazzling|radiant|brassy|sibilant", "inky|sullen|leaden|muddy|foggy"),
        ("warmth", "plummy|syrupy|hearty|tender", "ice-cold|metallic-cold|polar|bleak|antiseptic"),
        ("boominess", "subsonic|bass-driven|thudding|bottomy", "bass-shy|reedy|wispy|papery|skeletal"),
        ("hardness", "whip-like|barbed|knife-edged", "plush|silken|downy|soft-edged|woolly-edged"),
        (
            "register",
            "stratospheric|helium|bird-high|alto|descant|treble-voiced|head-voiced|chirpy|dog-whistle|"
            "ultrasonic|high-keyed|childlike|pipsqueak|piercing",
            "contrabass|sub-octave|basso|buried|deep-sea|cavern-deep|sepulchral|mine-deep|chthonic|"
            "bass-voiced|growling-low|pedal-low|gravelly-deep|nether",
        ),
        (
            "density",
            "thronging|brimming|overflowing|multitudinous|saturating",
            "deserted|vacant|solitary|forlorn|meagre",
        ),
        (
            "speed",
            "hasty|breakneck|sprinting|nimble|zippy|pacy|presto|allegro|darting|whirlwind|bustling-fast|scurrying",
            "slow-motion|torpid|languid|snail-paced|adagio|largo|ambling|shuffling|lethargic|sedate",
        ),
        (
            "movement",
            "shape-shifting|turbulent|ebbing|wandering|roving|roaming|mercurial|transmuting|billowing|churning",
            "rooted|halted|arrested|paused|inert|rigid|becalmed|fossilised|iced-over|suspended",
        ),
        ("roughness", "rasping|serrated|corroded|mangled", "unspoilt|untarnished|stainless|lucid|sleek"),
        ("tonality", "melodious|songful|in-tune|belling|harmonious", "noise-like|scrunchy|wheezy|fricative"),
        (
            "space",
            "expansive|hall-like|canyon-wide|stadium-sized|oceanic|unconfined|vaulted|monumental|galactic|"
            "yawning|cosmic|far-reaching",
            "suffocating|coffin-like|sealed|windowless|shut-in|hemmed-in|tomb-tight|box-like|sound-proofed|"
            "carpeted|airtight|choked",
        ),
        (
            "distance",
            "offshore|far-flung|beyond-the-hills|receding|long-range",
            "adjoining|at-hand|next-door|face-to-face",
        ),
        (
            "energy",
            "frenzied|brutal|rampaging|bloodthirsty|thrashing",
            "unruffled|sleepy|still-hearted|meditative|unhurried-calm",
        ),
    )
}
"""More of both, which only the reader of measures learns: captions of the corpus do without."""

PHRASES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "brightness": (
        ("with lots of treble", "with a bright top end"),
        ("with the highs rolled off", "with little treble"),
    ),
    "warmth": (("with a warm body",), ("with a cold edge",)),
    "boominess": (
        ("with heavy sub bass", "that shakes the floor", "with lots of low end"),
        ("with no low end", "with the bass cut away"),
    ),
    "hardness": (
        ("with sharp attacks", "with hard edges", "that hits hard"),
        ("with soft attacks", "without any edges", "with rounded transients"),
    ),
    "register": (("in a high register", "pitched up high"), ("in a low register", "pitched down low")),
    "density": (
        ("with a great many events", "packed tightly", "full of activity", "with no gaps"),
        ("with long gaps", "now and then", "few and far between"),
    ),
    "speed": (("at a fast pace", "in quick succession"), ("at a slow pace", "taking its time")),
    "movement": (
        ("that keeps changing", "slowly transforming", "that swells and fades"),
        ("that never changes", "held still"),
    ),
    "roughness": (("through a broken speaker", "with heavy distortion"), ("recorded cleanly",)),
    "tonality": (
        ("with a clear pitch", "in tune", "with a sung tone"),
        ("full of noise", "like static", "with a lot of hiss"),
    ),
    "space": (
        ("in a cathedral", "in a huge hall", "in a vast cave", "with long reverb"),
        ("in a dry studio", "without any reverb", "in a dead room"),
    ),
    "distance": (
        (
            "in the distance",
            "far away",
            "from miles away",
            "heard through the fog",
            "beyond the hills",
            "a long way off",
            "at the horizon",
            "over there",
        ),
        ("right by the ear", "very close", "close to the microphone", "at arm's length", "next to us", "within reach"),
    ),
    "energy": (("building to a frenzy", "at full force"), ("barely there", "with a calm mood")),
}
"""Phrases that follow the noun, for the +1 and the -1 pole."""

QUALITY_WORDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "metallic": (("metallic", "steely", "tinny"), ("as if inside a metal pipe", "ringing like metal")),
    "organic": (("organic", "living", "fleshy"), ("like something alive", "with a natural wobble")),
    "underwater": (("underwater", "submerged", "sunken"), ("heard from under water", "below the surface")),
    "intimate": (("intimate", "hushed", "tender"), ("like a secret", "in a small private space")),
    "dreamlike": (("dreamlike", "dreamy", "hazy", "ethereal"), ("as in a dream", "drifting and blurred")),
    "supernatural": (("supernatural", "ghostly", "haunted", "otherworldly"), ("like a ghost", "from another world")),
    "claustrophobic": (("claustrophobic", "boxed-in", "suffocating"), ("in a coffin", "with the walls closing in")),
    "tension": (("tense", "uneasy", "suspenseful"), ("full of dread", "with rising tension")),
}
"""Adjectives and phrases for each quality."""

MOODS: tuple[tuple[str, Mapping[str, float]], ...] = (
    (
        "ominous|menacing|threatening|sinister|brooding|foreboding",
        {"brightness": -0.8, "boominess": 0.6, "register": -0.6},
    ),
    ("serene|soothing|comforting|restful|meditative|lullaby-like", {"energy": -0.8, "warmth": 0.6, "roughness": -0.4}),
    ("melancholic|sad|mournful|wistful|sorrowful|bittersweet", {"minor": 0.8, "speed": -0.6, "energy": -0.4}),
    ("joyful|cheerful|playful|happy|bouncy|uplifting", {"minor": -0.8, "speed": 0.6, "brightness": 0.4}),
    ("epic|grand|majestic|heroic|monumental|overwhelming", {"energy": 0.7, "space": 0.7, "boominess": 0.5}),
    ("lonely|forlorn|bleak|abandoned|barren|deserted", {"density": -0.7, "distance": 0.6, "warmth": -0.3}),
    ("hectic|panicked|chaotic|nervous|feverish|agitated", {"density": 0.6, "speed": 0.7, "energy": 0.5}),
    ("eerie|uncanny|unsettling|creepy|strange|spine-chilling", {"warmth": -0.6, "space": 0.6, "tonality": 0.4}),
    ("brutal|savage|punishing|merciless|crushing", {"roughness": 0.8, "energy": 0.6, "hardness": 0.5}),
    ("cold and clinical|futuristic|synthetic|inhuman|robotic", {"warmth": -0.8, "hardness": 0.5, "space": -0.3}),
    ("mysterious|enigmatic|secretive|shrouded|cryptic", {"brightness": -0.5, "space": 0.6, "energy": -0.4}),
    ("nostalgic|faded|old-fashioned|sepia-toned|worn", {"brightness": -0.4, "warmth": 0.6, "distance": 0.4}),
    ("magical|enchanted|glittering|fairy-tale|wondrous", {"brightness": 0.7, "space": 0.5, "register": 0.5}),
    ("oppressive|heavy-hearted|stifling|suffocatingly thick", {"density": 0.6, "brightness": -0.5, "boominess": 0.5}),
    ("heavenly|angelic|celestial|weightless|floating", {"space": 0.7, "energy": -0.4, "register": 0.5}),
    ("industrial|mechanical|grinding|machine-like", {"roughness": 0.6, "hardness": 0.4, "tonality": -0.3}),
)
"""Moods (``|``-separated words) with the attributes that carry them; ``minor`` is the mode."""


def moods(rng: Rng, values: Mapping[str, float], minor: bool | None) -> str | None:
    """Return a word for the mood that what is true adds up to, or None when nothing clearly does."""
    truth = dict(values)
    if minor is not None:
        truth["minor"] = 0.8 if minor else -0.8
    fits = []
    for words, needs in MOODS:
        have = [truth.get(axis, 0.0) * np.sign(want) for axis, want in needs.items()]
        if sum(h >= 0.35 for h in have) >= 2 and min(have) > -0.3:
            fits.append(words)
    return _pick(rng, _pick(rng, fits).split("|")) if fits else None


_JOINS = (
    "with {b}",
    "and {b}",
    "over {b}",
    "under {b}",
    "mixed with {b}",
    "against {b}",
    "beside {b}",
    "together with {b}",
)
_FAR_JOINS = ("with {b} in the background", "with {b} behind it", "and {b} far behind", "with distant {b}")
_OPENERS = (
    "",
    "",
    "",
    "",
    "the sound of ",
    "a recording of ",
    "an atmosphere of ",
    "a texture of ",
    "ambience: ",
    "we hear ",
)


def words() -> list[str]:
    """Every word of the banks that adjectives are drawn from, in order."""
    banks = [
        bank for table in (ADJECTIVES, KINDRED, QUALITY_WORDS, PHRASES) for poles in table.values() for bank in poles
    ]
    moods = [text for text, _ in MOODS]
    return sorted({w for bank in banks for text in (*bank, *moods) for w in text.replace("|", " ").split()})


HELD_OUT: frozenset[str] = frozenset(
    (
        "glistening",
        "gloomy",
        "toasty",
        "wintry",
        "brisk",
        "lumbering",
        "teeming",
        "desolate",
        "tranquil",
        "ferocious",
        "yonder",
        "adjacent",
        "abrasive",
        "pristine",
        "morphing",
        "frozen",
        "drizzle",
        "campanile",
        "locusts",
        "bonfire",
        "grand piano",
        "lathe",
        "earth-shaking",
        "bassless",
        "spiky",
        "cushioned",
        "falsetto",
        "subterranean",
        "tuneful",
        "staticky",
        "boundless",
        "airless",
        "bongos",
        "timepiece",
        "treading",
        "piccolo",
        "chorale",
        "squall",
        "warblers",
        "thunderbolt",
        "snare and kick",
        "stallion",
        "balafon",
        "clangour",
        "cardiac",
        "trickling",
        "monotone",
        "synthesiser",
    )
)
"""Words that no caption uses: reserved for measuring what the text encoder carries over."""


def _pick(rng: Rng, options: Sequence[str]) -> str:
    return options[int(rng.integers(0, len(options)))]


def _strip_article(noun: str) -> tuple[str, str]:
    for article in ("a ", "an ", "the "):
        if noun.startswith(article):
            return article.strip(), noun[len(article) :]
    return "", noun


def _with_article(article: str, phrase: str) -> str:
    if article in ("a", "an"):
        article = "an" if phrase[0] in "aeiou" else "a"
    return f"{article} {phrase}".strip()


def describe(
    rng: Rng,
    nouns: Sequence[str],
    values: Mapping[str, float],
    qualities: Sequence[str],
    *,
    limit: int = 3,
    facts: Sequence[str] = (),
    minor: bool | None = None,
    words: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = ADJECTIVES,
) -> str:
    """Name one layer: a noun with up to ``limit`` of what is true of it, adjectives before, phrases after.

    Parameters
    ----------
    values
        What is true on each axis, in [-1, 1]; below 0.35 it is not worth a word.
    facts
        Phrases that follow: place, key, tempo, what happens over time. Each is
        said two times out of three.
    minor
        Mode of what is played, None when nothing is.
    words
        Adjectives for the poles of each axis.
    """
    article, noun = _strip_article(_pick(rng, nouns))
    said = [(axis, value) for axis, value in values.items() if abs(value) >= 0.35]
    rng.shuffle(said)
    before: list[str] = []
    after: list[str] = []
    for quality in qualities:
        adjectives, phrases = QUALITY_WORDS[quality]
        if rng.random() < 0.7:
            before.append(_pick(rng, adjectives))
        else:
            after.append(_pick(rng, phrases))
    mood = moods(rng, values, minor) if rng.random() < 0.3 else None
    if mood:
        before.append(mood)
    for axis, value in said[: max(0, limit - len(before) - len(after))]:
        side = 0 if value > 0 else 1
        if rng.random() < 0.65 and len(before) < 3:
            word = _pick(rng, words[axis][side])
            if abs(value) > 0.9 and rng.random() < 0.4:
                word = f"{_pick(rng, ('very', 'extremely', 'really'))} {word}"
            elif abs(value) < 0.5 and rng.random() < 0.4:
                word = f"{_pick(rng, ('slightly', 'somewhat', 'a little'))} {word}"
            before.append(word)
        elif len(after) < 2:
            after.append(_pick(rng, PHRASES[axis][side]))
    rng.shuffle(before)
    after += [fact for fact in facts if rng.random() < 0.66]
    phrase = " ".join([", ".join(before), noun]).strip()
    return " ".join([_with_article(article, phrase), *after])


def combine(rng: Rng, layers: Sequence[str], *, background: bool) -> str:
    """Join layer descriptions into one caption; ``background`` says that later ones lie further back."""
    text = layers[0]
    for layer in layers[1:]:
        joins = _FAR_JOINS if background and rng.random() < 0.6 else _JOINS
        join = _pick(rng, joins)
        text = f"{text} {join.format(b=_strip_article(layer)[1] if 'distant {b}' in join else layer)}"
    text = _pick(rng, _OPENERS) + text
    return text[0].upper() + text[1:] if rng.random() < 0.3 else text
