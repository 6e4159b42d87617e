"""A customer's financial statement and bank statements, and the ratios that are read from them (C1, C2)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

_ALTMAN = tuple(Decimal(each) for each in ("0.717", "0.847", "3.107", "0.420", "0.998"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Financials:
    """One year's figures in one currency, as of `statement_date`; what was earned may be negative.

    `ebit_minor` is what was earned before interest and taxes.
    """

    statement_date: date
    currency: str
    current_assets_minor: int
    current_liabilities_minor: int
    total_assets_minor: int
    total_liabilities_minor: int
    sales_minor: int
    net_profit_minor: int
    retained_earnings_minor: int | None = None
    ebit_minor: int | None = None

    def current_ratio(self) -> Decimal | None:
        """Return current assets / current liabilities; None without liabilities."""
        return _ratio(self.current_assets_minor, self.current_liabilities_minor)

    def debt_pct(self) -> Decimal | None:
        """Return total liabilities in per cent of total assets; None without assets."""
        return _pct(self.total_liabilities_minor, self.total_assets_minor)

    def net_margin_pct(self) -> Decimal | None:
        """Return the net profit in per cent of sales; None without sales."""
        return _pct(self.net_profit_minor, self.sales_minor)

    def altman_z(self) -> Decimal | None:
        """Return Altman's Z' for firms whose shares are not quoted; None where a part of it is not known.

        Z' = 0.717 X1 + 0.847 X2 + 3.107 X3 + 0.420 X4 + 0.998 X5, where X1, X2, X3 and X5 are working capital, retained
        earnings, EBIT and sales by total assets, and X4 is book equity by total liabilities. Above 2.90 a firm
        counts as safe, below 1.23 as in distress. Source: E. I. Altman, Corporate Financial Distress, Wiley 1983.
        """
        if self.retained_earnings_minor is None or self.ebit_minor is None:
            return None
        if not (self.total_assets_minor and self.total_liabilities_minor):
            return None
        by_assets = [
            Decimal(each) / self.total_assets_minor
            for each in (
                self.current_assets_minor - self.current_liabilities_minor,
                self.retained_earnings_minor,
                self.ebit_minor,
                self.sales_minor,
            )
        ]
        equity_minor = self.total_assets_minor - self.total_liabilities_minor
        parts = [*by_assets[:3], Decimal(equity_minor) / self.total_liabilities_minor, by_assets[3]]
        return sum((weight * part for weight, part in zip(_ALTMAN, parts, strict=True)), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class BankSummary:
    """What bank statements came to from `start_date` to `end_date`, both included; the balance may be overdrawn.

    `monthly_inflow_minor` is what came in during an average month.
    """

    start_date: date
    end_date: date
    currency: str
    average_balance_minor: int
    monthly_inflow_minor: int


def _ratio(part: int, whole: int) -> Decimal | None:
    return Decimal(part) / whole if whole else None


def _pct(part: int, whole: int) -> Decimal | None:
    return Decimal(100 * part) / whole if whole else None
