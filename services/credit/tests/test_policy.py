"""The credit policy is a file, and a broken one names its fault (C5)."""

from pathlib import Path

import pytest

from services.credit.gateways.policy_file import BadPolicy, read_policy
from services.credit.settings import CreditSettings
from shared.money import Money


def test_the_default_policy_is_one() -> None:
    """C5: new customers start small."""
    path = CreditSettings.model_fields["credit_policy_file"].default
    policy = read_policy(path)
    assert policy.new_customer_limits["CNY"] == Money(2_000_000, "CNY")
    assert policy.watch is not None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("version: 1\nnew_customer_limits: {CNY: '1.00'}", "version"),
        ("version: v\nnew_customer_limits: {CNY: 1.00}", "new_customer_limits.CNY"),
        ("version: v\nnew_customer_limits: {CNY: '1.001'}", "CNY has 2 decimals"),
        ("version: v\nnew_customer_limits: {XXX: '1.00'}", "new_customer_limits.XXX"),
        ("version: v\nnew_customer_limits: {}\nsurprise: 1", "surprise"),
        (
            "version: v\nnew_customer_limits: {}\nportfolio: {currency: CNY, warn_from_pct: 101}",
            "portfolio.warn_from_pct",
        ),
        ("version: [", "policy.yaml"),
    ],
)
def test_a_broken_policy_names_file_and_place(tmp_path: Path, text: str, place: str) -> None:
    """C5: a policy that is not understood stops the start and says where it is wrong."""
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    with pytest.raises(BadPolicy, match=place) as refusal:
        read_policy(path)
    assert "policy.yaml" in str(refusal.value)
