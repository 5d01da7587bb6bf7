"""
Amounts in another currency, and the files of central banks. What is expected was worked
out by hand; the files are short ones in the layouts that the banks offer.
"""

import io
import zipfile
from datetime import date

import pytest

from ticketsync.core import errors
from ticketsync.financials import conversion, exchange_rate_files
from ticketsync.financials.conversion import Rate

FRIDAY, THURSDAY = date(2026, 10, 30), date(2026, 10, 29)
ECB = """\
Date,USD,JPY,AUD,NZD,CYP,
2026-10-30,1.0725,165.00,1.6500,1.8150,N/A,
2026-10-29,1.0800,164.00,1.6600,N/A,N/A,
"""
ECB_DAILY = "Date, USD, AUD, NZD, \n30 October 2026, 1.0725, 1.6500, 1.8150, \n"
RBA = """\
F11.1  EXCHANGE RATES
Title,A$1=USD,Trade-weighted Index May 1970 = 100,A$1=NZD
Description,AUD/USD Exchange Rate,Australian Dollar Trade-weighted Index,AUD/NZD
Frequency,Daily,Daily,Daily
Units,USD,Index,NZD
,,,
Series ID,FXRUSD,FXRTWI,FXRNZD
29-Oct-2026,0.6400,61.20,1.0900
30-Oct-2026,0.6500,61.50,1.1000
"""
BOC = """\
"TERMS AND CONDITIONS"
"https://www.bankofcanada.ca/terms/"

"SERIES"
"id","label","description"
"FXAUDCAD","AUD/CAD","Australian dollar to Canadian dollar daily exchange rate"

"OBSERVATIONS"
"date","FXAUDCAD","FXUSDCAD"
"2026-10-30","0.9200","1.3800"
"2026-10-31","",""
"""


def archived(content):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eurofxref-hist.csv", content)
    return data.getvalue()


# The bytes of the compressed file itself, behind the 30 of its head and its name.
_BYTES = archived(ECB)
DAMAGED = _BYTES[:50] + b"\xff" * 20 + _BYTES[70:]


@pytest.fixture
def read(tmp_path):
    def read_(content, name="rates.csv"):
        file = tmp_path / name
        data = content.encode() if isinstance(content, str) else content
        file.write_bytes(data)
        return exchange_rate_files.read_rates(file)

    return read_


def converted(rates, minor, base, target, day=FRIDAY, source=""):
    found = conversion.conversions([base], target, day, rates, source)[base]
    return found.convert(minor), found.source, found.on_day


@pytest.mark.parametrize(
    ("content", "minor", "base", "target", "expected"),
    [
        (ECB, 10000, "NZD", "AUD", 9091),  # 100.00 ÷ 1.8150 × 1.6500
        (ECB, 10000, "AUD", "JPY", 10000),  # 100.00 ÷ 1.65 × 165, without digits
        (ECB, 165, "JPY", "EUR", 100),
        (ECB, -10000, "NZD", "AUD", -9091),
        (ECB_DAILY, 10725, "USD", "EUR", 10000),
        (RBA, 1100, "NZD", "AUD", 1000),
        (RBA, 650, "USD", "NZD", 1100),
        (BOC, 10000, "AUD", "CAD", 9200),
        (BOC, 10000, "AUD", "USD", 6667),  # 92.00 ÷ 1.38
    ],
)
def test_the_rates_of_each_bank(read, content, minor, base, target, expected):
    assert converted(read(content), minor, base, target)[0] == expected


def test_a_file_says_whose_rates_they_are(read):
    assert {rate.source for rate in read(ECB)} == {"ECB"}
    assert {rate.source for rate in read(RBA)} == {"RBA"}
    assert {rate.source for rate in read(BOC)} == {"BoC"}
    # a currency of the past, an index and an empty cell are not rates
    assert len(read(ECB)) == 7
    assert len(read(RBA)) == 4
    assert len(read(BOC)) == 2


def test_an_archive_with_one_file(read):
    assert read(archived(ECB), "eurofxref-hist.zip") == read(ECB)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("Date,Amount\n2026-10-30,1\n", "no exchange rates that ticketsync knows"),
        (ECB.replace("1.8150", "1,815"), "more cells than its heading"),
        (ECB.replace("1.8150", "1 815"), "rate of NZD"),
        (ECB.replace("1.8150", "0"), "rate of NZD"),
        (ECB.replace("1.8150", "-1.8"), "rate of NZD"),
        (ECB.splitlines()[0] + "\n", "no exchange rates that ticketsync knows"),
        (b"PK\x03\x04 no archive", "is damaged"),
        (DAMAGED, "is damaged"),
    ],
)
def test_another_file_is_refused(read, content, reason):
    with pytest.raises(errors.BadFile, match=reason):
        read(content)


# Which day counts


def test_the_last_day_with_all_rates_counts(read):
    rates = read(ECB)
    assert converted(rates, 166, "AUD", "EUR", THURSDAY) == (100, "ECB", THURSDAY)
    # a Sunday has the rates of the Friday before
    assert converted(rates, 165, "AUD", "EUR", date(2026, 11, 1)) == (
        100,
        "ECB",
        FRIDAY,
    )
    # on the Thursday there was none of the New Zealand dollar
    with pytest.raises(errors.NotFound, match="NZD to AUD for 2026-10-29"):
        converted(rates, 100, "NZD", "AUD", THURSDAY)


@pytest.mark.parametrize(("day", "is_there"), [(6, True), (7, False)])
def test_rates_are_a_week_old_at_most(read, day, is_there):
    late = date(2026, 11, day)
    if is_there:
        assert converted(read(RBA), 1100, "NZD", "AUD", late)[2] == FRIDAY
    else:
        with pytest.raises(errors.NotFound):
            converted(read(RBA), 1100, "NZD", "AUD", late)


def test_all_rates_are_of_one_source(read):
    rates = read(ECB) + read(RBA)
    # both have that day; the dollar is the Reserve Bank's own
    assert converted(rates, 1100, "NZD", "AUD") == (1000, "RBA", FRIDAY)
    assert converted(rates, 10000, "NZD", "EUR")[1] == "ECB"
    assert converted(rates, 10000, "NZD", "AUD", source="ECB")[:2] == (9091, "ECB")
    with pytest.raises(errors.NotFound, match="of RBA"):
        converted(rates, 165, "JPY", "EUR", source="RBA")
    # yen by one bank and dollars by another are not mixed
    mixed = [rate for rate in rates if (rate.source, rate.quote) != ("ECB", "NZD")]
    with pytest.raises(errors.NotFound):
        conversion.conversions(["JPY", "NZD"], "AUD", FRIDAY, mixed)


def test_a_later_day_counts_before_the_own_currency(read):
    late = [Rate("ECB", date(2026, 10, 31), "EUR", it, "2") for it in ("AUD", "NZD")]
    rates = read(RBA) + late
    found = converted(rates, 100, "NZD", "AUD", date(2026, 10, 31))
    assert found == (100, "ECB", date(2026, 10, 31))


def test_the_own_currency_needs_no_rate():
    found = conversion.conversions(["AUD"], "AUD", FRIDAY, [])["AUD"]
    assert (found.convert(1234), found.source, found.on_day) == (1234, "", None)
    assert found.convert(None) is None


def test_unknown_stays_unknown(read):
    assert converted(read(RBA), None, "NZD", "AUD")[0] is None


def test_three_digits():
    rates = [Rate("X", FRIDAY, "KWD", "AUD", "5")]
    assert converted(rates, 1234, "KWD", "AUD")[0] == 617  # 1.234 × 5 = 6.17
    assert converted(rates, 617, "AUD", "KWD")[0] == 1234
