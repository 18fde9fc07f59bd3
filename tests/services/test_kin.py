"""Words that the lexicon lacks: near enough to an axis, or the free terms they were."""

from soundlab.domain.feedback import Adjustment
from soundlab.project import Project
from soundlab.services.kin import Kin


def test_an_unknown_word_that_surely_points_along_an_axis_is_read_so(warm: Project) -> None:
    read = warm.understanding.parse("more reverberating, add zithers, less thundering")
    assert [(a.kind, a.axis, a.term, a.direction) for a in read] == [
        ("axis", "space", None, 1),
        ("term", None, "zithers", 1),
        ("axis", "boominess", None, -1),
    ]
    assert read[0].text.endswith("reverberating"), "what was said is told back"


def test_a_sound_is_known_by_another_name(warm: Project) -> None:
    called = warm.understanding.kin.called
    assert called("voices", ["a choir", "rain"]) == "a choir" and called("engine", ["rain", "machinery"]) == "machinery"
    assert called("owl", ["rain", "distant church bells"]) is None


def test_things_and_encoders_that_were_not_measured_leave_terms_as_they_are(warm: Project) -> None:
    wind, reverberating = (Adjustment("term", w, term=w) for w in ("wind", "reverberating"))
    assert warm.understanding.kin.resolved(wind) == wind
    deaf = Kin(warm.lexicon, lambda texts: None, ())
    assert deaf.resolved(reverberating) == reverberating
