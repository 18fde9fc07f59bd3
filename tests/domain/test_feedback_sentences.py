"""Sentences of sound people: a sentence counts when the set of adjustments is right, no more and no less."""

import pytest

from benchmarks.parser import FOLDER, LEXICON, label, understood
from benchmarks.parser import read as sentences
from soundlab.domain.language import read
from soundlab.errors import WrongInput


def share(name: str) -> float:
    rows = sentences(FOLDER / name)
    return sum(understood(sentence) == wanted for sentence, wanted in rows) / len(rows)


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("feedback_seen.tsv", 1.0),  # what the lexicon was written with
        (
            "feedback_dev.tsv",
            0.9,
        ),  # fourteen others', looked at while it was written; 79, 77, 82 and 83 % of the last four's at first
        ("feedback_hard.tsv", 0.63),  # two others', asked for pictures and slang; 47 % when they were first read
        ("feedback_unseen_2.tsv", 0.84),  # four others', likewise
        ("feedback_unseen.tsv", 0.87),  # another's, looked at only to report
    ],
)
def test_sentences_are_understood_whole(name: str, least: float) -> None:
    assert share(name) >= least


@pytest.mark.parametrize(
    ("text", "labels", "left"),
    [
        ("mysterious", {"+mysterious"}, []),
        ("roll off some of the top end", {"brightness-"}, []),
        ("-3 dB shelf above 8k, high-pass at 100", {"brightness-", "boominess-"}, []),
        ("+3 on the high shelf", {"brightness+"}, []),
        ("from 120 to 90 bpm", {"speed-"}, []),
        ("more drops per second", {"density+"}, []),
        ("frogs, not ducks", {"-ducks", "+frogs"}, []),
        ("make the owl a wolf", {"-owl", "+wolf"}, []),
        ("move the thunder further away", {"distance+"}, ["thunder"]),
        ("move the thunder away", {"distance+"}, []),
        ("I'd love a warmer tone", {"warmth+"}, []),
        ("tinny", {"metallic-"}, []),
        ("boomy and harsh, sort both out", {"boominess-", "roughness-"}, []),
        ("neither louder nor faster, just denser", {"density+"}, ["neither louder", "nor faster"]),
        ("add a fridge buzz, please", {"+fridge buzz"}, []),
        ("to much bass", {"boominess-"}, []),
        ("keep the rhythm and the level, but darker", {"keep:rhythm", "keep:level", "brightness-"}, []),
        ("the level stays put, the reverb should come down", {"keep:level", "space-"}, []),
        ("#2 had the right reverb", {"like:#2.space"}, []),
        ("hated take 2", {"unlike:#2"}, []),
        ("drop it 2 octaves", {"register-"}, []),
        ("far too much at 80 Hz, lift everything above 8k", {"boominess-", "brightness+"}, []),
        ("push it up 4 dB", {"loudness+"}, []),
        ("drier, like a spoon in a drawer", {"space-"}, ["a spoon in a drawer"]),
        ("way too violent, he's only closing a cupboard", {"energy-"}, ["closing", "cupboard"]),
        ("that helicopter is all wrong, lose it", {"-helicopter"}, ["helicopter", "wrong"]),
        ("it drags", {"speed+"}, []),
        ("get the birds louder", {"loudness+"}, ["birds"]),
        ("dont touch the lvl, darker n slower", {"keep:level", "brightness-", "speed-"}, []),
        ("faster without getting any louder", {"speed+", "keep:level"}, []),
        ("my client says it's boomy", {"boominess-"}, []),
        ("the giant is asleep, so deeper", {"register-"}, ["giant", "asleep"]),
        ("it's a bit boomy", {"boominess-"}, []),
        ("it's boomy, less bass", {"boominess-"}, []),
        ("not ghostly enough", {"supernatural+"}, []),
        ("-4 dB, +3 at 8k", {"loudness-", "brightness+"}, []),
        ("the clicks have to go", {"-clicks"}, []),
        ("take 2 but drier", {"like:#2", "space-"}, []),
        ("waaaay darkr", {"brightness-"}, []),
        ("swap the birds for crickets", {"-birds", "+crickets"}, []),
        ("brighter than the last one", {"brightness+"}, []),
        ("bring the highs down a touch", {"brightness-"}, []),
        ("harder attacks, the hits are mushy right now", {"hardness+"}, ["hits"]),
        ("this explosion is polite", {"energy+"}, ["explosion"]),
        ("the rumble is eating my headroom, trim it", {"boominess-"}, []),
        ("take the wind out, put rain in instead", {"-wind", "+rain"}, []),
        ("more tonal, the composer needs a note to hang on to", {"tonality+"}, ["composer"]),
        ("add room tone and kill the fridge hum", {"+room tone", "-fridge hum"}, []),
        ("try glass rather than wood", {"+glass", "-wood"}, []),
        ("I like the room on #3, put that on this one", {"like:#3.space"}, []),
        ("like #5 in loudness", {"like:#5.loudness"}, []),
        ("the third was the best, only less boomy", {"like:#3", "boominess-"}, []),
        ("the pad is too static and too sweet, rough it up", {"movement+", "roughness+"}, ["pad"]),
        ("pull some low end out", {"boominess-"}, []),
        ("reverb down 3 dB, sub up 2 dB", {"space-", "boominess+"}, []),
        ("don't add any reverb, closer", {"distance-"}, ["don't add any reverb"]),
        ("turn down the wind", {"-wind"}, []),
        ("less like a machine", {"organic+"}, []),
        ("the second half is boring", {"-boring"}, []),
        ("needs more weight down low", {"boominess+"}, []),
        ("warmer but not darker", {"warmth+"}, ["not darker"]),
        ("raise the suspense but don't speed up", {"tension+"}, ["don't speed up"]),
        ("thin and harsh, can you fix?", {"warmth+", "roughness-"}, []),
        ("no music please, only wind and a creaking door", {"-music", "+wind", "+creaking door"}, []),
        ("the low end is eating everything", {"boominess-"}, []),
        ("does it have to be so bright?", {"brightness-"}, []),
        ("too dark and a bit dull", {"brightness+"}, []),
        ("a tone higher, then shave 2 dB off at 250 Hz", {"register+", "warmth-"}, []),
        ("darker but brighter", {"brightness+"}, ["darker"]),
        ("drone louder, wind quieter", {"+drone", "-wind"}, []),
        ("not as far away", {"distance-"}, []),
        ("it's a bit boxy and boomy", {"space+", "boominess-"}, []),
        ("better than before, still too far away", {"distance-"}, []),
        ("turn the clock ticking into a heartbeat", {"-clock ticking", "+heartbeat"}, []),
        ("it is to loud and to boomy", {"loudness-", "boominess-"}, []),
        ("birds out, owls in", {"-birds", "+owls"}, []),
        ("a phone is ringing in there, please remove", {"-phone"}, ["phone"]),
        ("take 5 was the wrong direction", {"unlike:#5"}, ["wrong direction"]),
        ("keep level and pitch, make it darker", {"keep:level", "keep:pitch", "brightness-"}, []),
        ("completely dry please, we'll add our own verb in the mix", {"space-"}, ["we'll add our own verb in the mix"]),
        ("spooky is fine but too quiet", {"loudness+"}, []),
        ("add a dog barking in the distance", {"+dog barking"}, []),
        ("way further and 10 dB less", {"distance+", "loudness-"}, []),
    ],
)
def test_ways_of_saying(text: str, labels: set[str], left: list[str]) -> None:
    found = read(text, LEXICON)
    assert {label(a) for a in found.adjustments} == labels
    assert found.left == left


@pytest.mark.parametrize("text", ["don't make it darker", "never louder", "please don't add more reverb", "bad"])
def test_what_asks_for_nothing_is_refused_and_not_turned_round(text: str) -> None:
    with pytest.raises(WrongInput):
        read(text, LEXICON)
