"""
`business` and `tax` of the settings: what is read, and each mistake with its line.
"""

from datetime import date

import pytest

from ticketsync.core import errors
from ticketsync.core.settings import config
from ticketsync.core.settings.tax_rules import Business, RateSpan
from ticketsync.core.written import written_rates

TEXT = """\
business:
  legal_name: Lantern Room Pty Ltd
  tax_number: 83 914 571 673
  registered_from: 2024-07-01
  country: AU
  attribution: cash
tax:
  codes:
    gst: {rate: 10, xero: OUTPUT}
    gst_in: {rate: 10, xero: INPUT, myob: GST}
    vat:
      - {from: 2010-01-01, until: 2011-01-03, rate: 17.5}
      - {from: 2011-01-04, rate: 20%}
  default: {admission: gst, buyer_fee: gst, donation: out_of_scope, prices: inside,
            fees: none}
  accounts:
    hx:
      - {from: 2026-07-01, fees: reported}
      - {from: 2026-01-01, buyer_fee_is_sold_by: platform, fees: gst_in}
"""


def test_the_example_of_the_documents_is_read():
    found = config.read(TEXT, "config.yaml")
    assert found.business == Business(
        "Lantern Room Pty Ltd", "83 914 571 673", "AU", date(2024, 7, 1), "cash"
    )
    tax = found.tax
    assert tax.codes["gst"].names == {"xero": "OUTPUT"}
    assert tax.codes["gst_in"].names == {"xero": "INPUT", "myob": "GST"}
    assert tax.codes["vat"].spans == (
        RateSpan(175_000, date(2010, 1, 1), date(2011, 1, 3)),
        RateSpan(200_000, date(2011, 1, 4)),
    )
    assert tax.rate_on("vat", date(2009, 12, 31)) is None
    assert tax.code_words() == [
        *("gst 10 %", "gst_in 10 %"),
        *("vat 17.5 % from 2010-01-01 until 2011-01-03", "vat 20 % from 2011-01-04"),
    ]


def test_an_accounts_rule_answers_before_the_one_of_the_business():
    tax = config.read(TEXT, "config.yaml").tax

    def found_for(account, day):
        return tax.rule_on(account, date.fromisoformat(day)).answer("fees")

    assert found_for("tt", "2026-08-01") == "none"
    assert found_for("hx", "2025-12-31") == "none"
    assert found_for("hx", "2026-01-01") == "gst_in"
    assert found_for("hx", "2026-07-01") == "reported"
    rule = tax.rule_on("hx", date(2026, 3, 1))
    assert rule.words == (
        "from 2026-01-01: admission gst, buyer fee gst, donation out of scope, "
        "fees gst_in, prices inside, buyer fee is sold by platform"
    )


def test_without_settings_there_is_no_rule():
    assert config.Settings().tax.rule_on("tt", date(2026, 1, 1)) is None
    assert config.read("", "config.yaml").tax.default == ()


CODES = "tax:\n  codes:\n"
RULES = "tax:\n  codes: {gst: {rate: 10}}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CODES + "    gst: {}\n", "line 3: keys with their values are expected"),
        (CODES + "    gst: 10\n", "line 3: keys with their values are expected"),
        (CODES + "    gst: {xero: X}\n", "line 3: `rate` of the tax code gst is mis"),
        (CODES + "    gst: {rate: ten}\n", "line 3: 'ten': a percentage such as"),
        (CODES + "    gst: {rate: 101}\n", "line 3: '101': a percentage such as"),
        (CODES + "    gst: {rte: 10}\n", "line 3: 'rte' is not a setting. Did you"),
        (CODES + "    free: {rate: 0}\n", "line 3: 'free' cannot be the name"),
        (CODES + "    a b: {rate: 0}\n", "line 3: 'a b' cannot be the name"),
        (
            CODES + "    gst:\n      - {rate: 10}\n"
            "      - {rate: 9, from: 2021-01-01}\n",
            "line 5: there is another rate on the same days",
        ),
        (
            CODES + "    gst: {rate: 9, from: 2021-01-01, until: 2020-01-01}\n",
            "line 3: `until` is before `from`",
        ),
        (RULES + "  default:\n    admission: gsst\n", "line 4: 'gsst': a tax code of"),
        (RULES + "  default: {fees: free}\n", "line 3: 'free': a tax code of"),
        (RULES + "  default: {prices: outside}\n", "line 3: 'outside': one of 'cha"),
        (RULES + "  default: {admision: gst}\n", "line 3: 'admision' is not a sett"),
        (RULES + "  default: []\n", "line 3: a rule, or a list of them with"),
        (RULES + "  default: [{admission: gst}]\n", "line 3: `from` is missing"),
        (RULES + "  accounts: {hx: []}\n", "line 3: a rule is expected here"),
        (RULES + "  accounts: {hx: }\n", "line 3: keys with their values are"),
        (RULES + "  accounts: {hx: [5]}\n", "line 3: keys with their values are"),
        (
            RULES + "  default:\n" + "    - {from: 2026-01-01, fees: none}\n" * 2,
            "line 5: there is a rule from 2026-01-01 already",
        ),
        ("business: {attribution: later}\n", "line 1: 'later': one of 'accrual',"),
        ("business: {registered_from: soon}\n", "line 1: 'soon': a day such as"),
        ("business: {abn: 1}\n", "line 1: 'abn' is not a setting"),
        ("tax: {rules: {}}\n", "line 1: 'rules' is not a setting"),
    ],
)
def test_a_mistake_is_named_with_its_line(text, message):
    with pytest.raises(errors.ConfigurationError) as caught:
        config.read(text, "config.yaml")
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "rate_ppm"),
    [
        *(("10", 100_000), ("10%", 100_000), ("9.975 %", 99_750), ("0", 0)),
        *(("100", 1_000_000), ("14.9753", 149_753)),
        *(("100.1", None), ("-1", None), ("1e1", None), ("", None), ("9.97501", None)),
        *(("१०", None), (".5", None), ("10 percent", None)),
    ],
)
def test_rates_are_read_exactly(text, rate_ppm):
    assert written_rates.ppm(text) == rate_ppm
    if rate_ppm is not None:
        assert written_rates.ppm(written_rates.per_cent(rate_ppm)) == rate_ppm
