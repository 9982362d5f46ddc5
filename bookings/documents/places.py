"""Names of places of supply as invoices write them."""

# India: the state's code of GST and its name, by ISO 3166-2:IN.
INDIAN_STATES = {
    "AN": ("35", "Andaman and Nicobar Islands"),
    "AP": ("37", "Andhra Pradesh"),
    "AR": ("12", "Arunachal Pradesh"),
    "AS": ("18", "Assam"),
    "BR": ("10", "Bihar"),
    "CG": ("22", "Chhattisgarh"),
    "CH": ("04", "Chandigarh"),
    "CT": ("22", "Chhattisgarh"),
    "DH": ("26", "Dadra and Nagar Haveli and Daman and Diu"),
    "DL": ("07", "Delhi"),
    "GA": ("30", "Goa"),
    "GJ": ("24", "Gujarat"),
    "HP": ("02", "Himachal Pradesh"),
    "HR": ("06", "Haryana"),
    "JH": ("20", "Jharkhand"),
    "JK": ("01", "Jammu and Kashmir"),
    "KA": ("29", "Karnataka"),
    "KL": ("32", "Kerala"),
    "LA": ("38", "Ladakh"),
    "LD": ("31", "Lakshadweep"),
    "MH": ("27", "Maharashtra"),
    "ML": ("17", "Meghalaya"),
    "MN": ("14", "Manipur"),
    "MP": ("23", "Madhya Pradesh"),
    "MZ": ("15", "Mizoram"),
    "NL": ("13", "Nagaland"),
    "OD": ("21", "Odisha"),
    "OR": ("21", "Odisha"),
    "PB": ("03", "Punjab"),
    "PY": ("34", "Puducherry"),
    "RJ": ("08", "Rajasthan"),
    "SK": ("11", "Sikkim"),
    "TG": ("36", "Telangana"),
    "TN": ("33", "Tamil Nadu"),
    "TR": ("16", "Tripura"),
    "TS": ("36", "Telangana"),
    "UK": ("05", "Uttarakhand"),
    "UP": ("09", "Uttar Pradesh"),
    "UT": ("05", "Uttarakhand"),
    "WB": ("19", "West Bengal"),
}


def place_name(place: str) -> str:
    """Maharashtra (27) for IN-MH; the code itself for places without a name here."""
    country, _, state = place.partition("-")
    if country == "IN" and state in INDIAN_STATES:
        code, name = INDIAN_STATES[state]
        return f"{name} ({code})"
    return place


def tax_number_label(place: str, tax: str) -> str:
    """What the seller's tax number is called, where the tax is called `tax`: GSTIN, VAT number."""
    if place.partition("-")[0] == "IN":
        return "GSTIN"
    return f"{tax} number" if tax else "Tax number"
