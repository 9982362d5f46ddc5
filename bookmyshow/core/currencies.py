"""Currencies of ISO 4217, and amounts in their minor units.

Prices are decimals in the currency's major unit (rupees). Orders, payments and refunds count whole
minor units (paise). How many minor units a major unit has depends on the currency: 1 yen is 1, 1
rupee is 100, 1 Kuwaiti dinar is 1,000. Codes and minor units are those of the list of 2024-06-25.
"""

from decimal import Decimal

#: The currencies that are legal tender in a country.
CODES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN
    BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
    GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW
    KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD
    NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD
    SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED
    VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(CODES.split())

#: Decimal places of the minor unit. Every other currency of the list has two.
_EXPONENTS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"),
        0,
    ),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


class UnknownCurrency(ValueError):
    """The code is not one of ISO 4217."""

    def __init__(self, currency: str) -> None:
        super().__init__(
            f"{currency!r} is not a currency; use the three letters of ISO 4217, such as INR."
        )


class AmountTooFine(ValueError):
    """The amount has more decimals than its currency, so it can't be paid."""

    def __init__(self, amount: Decimal, currency: str) -> None:
        places = exponent(currency)
        allowed = f"at most {places} decimals" if places else "no decimals"
        super().__init__(f"{amount} can't be paid in {currency}, which has {allowed}.")


def exponent(currency: str) -> int:
    """How many decimals the currency has: 0 for JPY, 2 for INR, 3 for KWD.

    Raises UnknownCurrency.
    """
    if currency not in CURRENCIES:
        raise UnknownCurrency(currency)
    return _EXPONENTS.get(currency, 2)


def to_minor(amount: Decimal, currency: str) -> int:
    """The amount in minor units: 250.50 INR is 25050, 250 JPY is 250, 1.25 KWD is 1250.

    Nothing is rounded. Raises AmountTooFine if the amount is finer than the minor unit,
    UnknownCurrency, and ValueError if it is not a finite number.
    """
    places = exponent(currency)
    if not amount.is_finite():
        raise ValueError(f"{amount} is not an amount of money.")
    minor = amount.scaleb(places)
    if minor != minor.to_integral_value():
        raise AmountTooFine(amount, currency)
    return int(minor)


def from_minor(minor: int, currency: str) -> Decimal:
    """The amount in the major unit, with all decimals of the currency: 25050 INR is 250.50.

    Raises UnknownCurrency.
    """
    return Decimal(minor).scaleb(-exponent(currency))
