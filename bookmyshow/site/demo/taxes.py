"""The demo's tax rules, as press reports and tax offices describe them. Not advice."""

from datetime import date

from bookings.tax.models import TaxRule

CONFIRM = "From press reports. Have an accountant confirm it."
TICKET, FEE = TaxRule.Kind.TICKET, TaxRule.Kind.FEE
GST_2025 = date(2025, 9, 22)


def create_rules() -> None:
    """Add the rules that are not there yet."""
    rules = [
        _gst(TICKET, 500, code="999614", price_to=100_00),
        _gst(TICKET, 1800, code="999614", price_from=100_01),
        _gst(FEE, 1800, code="998599"),
        _vat(TICKET),
        _vat(FEE),
    ]
    TaxRule.objects.bulk_create(rules, ignore_conflicts=True)


def _gst(
    kind: str, basis_points: int, *, code: str, price_from: int = 0, price_to: int | None = None
) -> TaxRule:
    """India: half of the rate is the union's, half the state's."""
    half = basis_points // 2
    return TaxRule(
        kind=kind,
        place="IN",
        valid_from=GST_2025,
        currency="INR",
        price_from=price_from,
        price_to=price_to,
        basis_points=basis_points,
        name="GST",
        code=code,
        components=[["CGST", half], ["SGST", half]],
        note=CONFIRM,
    )


def _vat(kind: str) -> TaxRule:
    """The United Kingdom."""
    return TaxRule(
        kind=kind,
        place="GB",
        valid_from=date(2011, 1, 4),
        currency="GBP",
        basis_points=2000,
        name="VAT",
        note=CONFIRM,
    )
