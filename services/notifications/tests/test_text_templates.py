"""Approved text messages: what a file must hold, and what may stand in the gaps (N1, N2)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.texting import DoesNotFit, fitted, variables
from services.notifications.gateways.rendering import FOLDER
from services.notifications.gateways.text_templates import BadTextTemplates, load_text_templates
from services.notifications.tests.test_mails import demand

GOOD: Mapping[str, Any] = {
    "purpose": "reminder",
    "language": "en",
    "text": "${creditor}: ${total} are past due.",
    "variables": {"creditor": {"type": "name", "max_length": 8}, "total": {"type": "amount", "max_length": 40}},
    "on_unknown": "resend",
    "providers": {"main": {"template_id": "T1", "approval_status": "approved"}},
}


def write(folder: Path, *templates: Mapping[str, Any]) -> Path:
    """Write a file of templates."""
    path = folder / "sms.yaml"
    path.write_text(yaml.safe_dump({"templates": [dict(each) for each in templates]}), encoding="utf-8")
    return path


def test_the_built_in_texts_cover_what_the_default_playbook_sends_by_sms() -> None:
    """Facts 3.9: the friendly reminder goes by e-mail and SMS, in both languages."""
    found = load_text_templates(FOLDER / "sms.yaml")

    assert set(found) == {(each, language) for each in ("reminder", "second_reminder") for language in ("zh", "en")}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_text_says_the_sums_without_a_currency_sign(language: str) -> None:
    """N1: gateways refuse the sign; currencies never add up."""
    text, gaps = load_text_templates(FOLDER / "sms.yaml")[("reminder", language)].fill(variables(demand(language)))

    total = "124,455.78元 + JPY 500,000" if language == "zh" else "CNY 124,455.78 + JPY 500,000"
    assert gaps["total"] == total
    assert total in text
    assert not set("¥￥$") & set(text)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"text": "${creditor}: pay ${sum}"}, "not the same"),
        ({"text": "${creditor}: pay"}, "not the same"),
        ({"text": "${creditor} ${total}"}, "words of its own"),
        ({"text": "${creditor}: pay ¥${total}"}, "words of its own"),
        ({"text": "${creditor}: ${total} at https://pay.test"}, "words of its own"),
        ({"text": "$ {creditor} ${total}"}, "not the same"),
        ({"variables": {"creditor": {"type": "amount", "max_length": 8}}, "text": "Pay ${creditor}"}, "no variable"),
        ({"variables": {"email": {"type": "name", "max_length": 8}}, "text": "Pay ${email}"}, "no variable"),
        ({"providers": {"main": {"template_id": "T1", "approval_status": "maybe"}}}, "approval_status"),
        ({"language": "fr"}, "language"),
        ({"free_text": True}, "free_text"),
    ],
)
def test_a_file_that_promises_too_much_is_refused_with_the_place(
    tmp_path: Path, change: Mapping[str, Any], complaint: str
) -> None:
    """N1: validated when loaded: typed variables, no free text, nothing that a gateway would refuse."""
    with pytest.raises(BadTextTemplates, match=complaint):
        load_text_templates(write(tmp_path, {**GOOD, **change}))


def test_two_texts_for_one_purpose_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    """N1: one text speaks."""
    with pytest.raises(BadTextTemplates, match="more than one"):
        load_text_templates(write(tmp_path, GOOD, GOOD))
    with pytest.raises(BadTextTemplates, match="nowhere"):
        load_text_templates(tmp_path / "nowhere.yaml")


def test_only_words_that_the_provider_approved_are_sent_by_it(tmp_path: Path) -> None:
    """N1: approval is per provider."""
    pending = {"template_id": "T2", "approval_status": "pending"}
    path = write(tmp_path, {**GOOD, "providers": {**GOOD["providers"], "spare": pending}})

    assert load_text_templates(path)[("reminder", "en")].approved_by(["spare", "main", "other"]) == ["main"]


@given(st.text(max_size=60), st.integers(2, 40))
def test_a_name_always_fits(name: str, longest: int) -> None:
    """N1: a name may be shortened, and is shown to be."""
    shown = fitted("company", name, max_length=longest)

    assert len(shown) <= longest
    assert shown == " ".join(name.split()) or shown.endswith("…")


def test_a_sum_is_never_cut() -> None:
    """N1: better no message than a wrong figure."""
    with pytest.raises(DoesNotFit):
        fitted("total", "1,250,000.00元", max_length=5)
