"""Only cleared clips train; the strictest licence wins."""

import pytest

from soundlab.domain.rights import FREE, TEMP_ONLY, UNKNOWN, ceiling, licence_class, may_train


@pytest.mark.parametrize("rights", ["own", "commissioned", "cc0", "cc-by", "cc-by-sa", "public-domain"])
def test_cleared_clips_train(rights: str) -> None:
    assert may_train(rights, None, "").allowed


@pytest.mark.parametrize("rights", ["unknown", "restricted", "licensed"])
def test_others_do_not_and_say_why(rights: str) -> None:
    decision = may_train(rights, None, "")
    assert not decision.allowed
    assert decision.reason


def test_licensed_needs_consent_and_evidence() -> None:
    assert not may_train("licensed", "training", "").allowed
    assert not may_train("licensed", None, "contract 12").allowed
    assert may_train("licensed", "training", "contract 12").allowed


def test_no_gen_ai_and_voices() -> None:
    assert not may_train("own", "no-gen-ai", "").allowed
    assert not may_train("own", None, "", voice=True).allowed
    assert may_train("own", "voice", "", voice=True).allowed


def test_non_commercial_clips_mark_the_adapter() -> None:
    assert may_train("cc-by-nc", None, "").non_commercial


def test_ceilings() -> None:
    assert licence_class("cc-by-nc-4.0") == TEMP_ONLY
    assert licence_class("cc0-1.0") == FREE
    assert licence_class("who knows") == UNKNOWN
    assert ceiling([FREE, UNKNOWN, TEMP_ONLY]) == TEMP_ONLY
    assert ceiling([]) == FREE
