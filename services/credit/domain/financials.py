"""A customer's financial statement, and the ratios that are read from it (C1, C2)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Financials:
    """One year's figures in one currency, as of `statement_date`; only the profit may be negative."""

    statement_date: date
    currency: str
    current_assets_minor: int
    current_liabilities_minor: int
    total_assets_minor: int
    total_liabilities_minor: int
    sales_minor: int
    net_profit_minor: int

    def current_ratio(self) -> Decimal | None:
        """Return current assets / current liabilities; None without liabilities."""
        return _ratio(self.current_assets_minor, self.current_liabilities_minor)

    def debt_pct(self) -> Decimal | None:
        """Return total liabilities in per cent of total assets; None without assets."""
        return _pct(self.total_liabilities_minor, self.total_assets_minor)

    def net_margin_pct(self) -> Decimal | None:
        """Return the net profit in per cent of sales; None without sales."""
        return _pct(self.net_profit_minor, self.sales_minor)


def _ratio(part: int, whole: int) -> Decimal | None:
    return Decimal(part) / whole if whole else None


def _pct(part: int, whole: int) -> Decimal | None:
    return Decimal(100 * part) / whole if whole else None
