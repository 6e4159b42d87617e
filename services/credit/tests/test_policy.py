"""The credit policy is a file, and a broken one names its fault (C4, C5, C6)."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.credit.gateways.policy_file import BadPolicy, read_policy
from services.credit.tests.erp import POLICY, policy_file
from shared.money import Money

DEFAULT = Path(__file__).parent.parent / "policies" / "default.yaml"


def test_the_default_policy_is_one() -> None:
    """C4, C5, C6: new customers start small; terms by grade; what makes the light yellow and red."""
    assert POLICY.new_customer_limits["CNY"] == Money(2_000_000, "CNY")
    assert POLICY.watch is not None
    assert POLICY.terms.grade_days == {"A": 60, "B": 30, "C": 15, "D": 0}
    assert (POLICY.light.yellow.debt_days, POLICY.light.red.debt_days, POLICY.hold_debt_days) == (31, 61, 31)
    assert (POLICY.newcomers.start_pct, POLICY.newcomers.step_pct, POLICY.newcomers.delay_days) == (30, 25, 5)


def section(name: str, **changed: Any) -> dict[str, Any]:
    """A section of the default policy with some members instead of its own; None leaves one out."""
    members = {**yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))[name], **changed}
    return {name: {key: value for key, value in members.items() if value is not None}}


@pytest.mark.parametrize(
    ("sections", "place"),
    [
        ({"version": 1}, "version"),
        ({"new_customer_limits": {"CNY": 1.00}}, "new_customer_limits.CNY"),
        ({"new_customer_limits": {"CNY": "1.001"}}, "CNY has 2 decimals"),
        ({"new_customer_limits": {"XXX": "1.00"}}, "new_customer_limits.XXX"),
        ({"surprise": 1}, "surprise"),
        (section("portfolio", warn_from_pct=101), "portfolio.warn_from_pct"),
        (section("limits", grade_factors={"A": 1, "B": 1, "C": 1}), "limits.grade_factors: .*missing: D"),
        (section("limits", standing_factors={"leader": 1, "best": 2}), "limits.standing_factors.best"),
        (section("limits", maximum={}), "limits.maximum"),
        (section("newcomers", start_pct=0), "newcomers.start_pct"),
        (section("grades", terms_days={"A": 30, "B": 60, "C": 15, "D": 0}), "grades.terms_days: .*better grade"),
        (section("light", minimum_amount={"CNY": "50.00"}), "light: .*default"),
        (section("light", red={"grades": ["D"], "debt_days": 31}), "red.debt_days must be more than yellow.debt_days"),
        (section("light", red={"grades": ["C"]}), "grade C cannot be yellow and red"),
        (section("light", promise_days=None), "light.promise_days: Field required"),
        (section("holds", debt_days=0), "holds.debt_days"),
    ],
)
def test_a_broken_policy_names_file_and_place(tmp_path: Path, sections: dict[str, Any], place: str) -> None:
    """C5: a policy that is not understood stops the start and says where it is wrong."""
    with pytest.raises(BadPolicy, match=place) as refusal:
        read_policy(policy_file(tmp_path, **sections))
    assert "policy.yaml" in str(refusal.value)


def test_what_is_no_yaml_names_its_file(tmp_path: Path) -> None:
    """C5: so does a file that is no YAML."""
    path = tmp_path / "policy.yaml"
    path.write_text("version: [")
    with pytest.raises(BadPolicy, match=r"policy\.yaml"):
        read_policy(path)
