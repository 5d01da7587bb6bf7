"""
Headings that say that the amounts below them are in the smallest unit of the currency:
`amount_cents`, `Price in pence`. Pure.
"""

from __future__ import annotations

import re

_UNIT = (
    r"(?<!per )(?:euro)?cents?|pence|penny|pennies|centimes?|céntimos?|centavos?"
    r"|centesimi|rappen|öre|øre|groszy|haléřů|paise|sen|fils|kopecks?|stotinki|¢"
)
_MINOR = r"(?:in )?(?:minor|smallest)(?: (?:currency )?units?)?"
_IN_WORDS = re.compile(rf"(?<!\w)(?:{_UNIT}|minor units?)(?!\w)|(?<!\w){_MINOR}$")
_BESIDE = re.compile(rf"[(\[](?:in )?(?:[cp]|ct|cts|{_MINOR})[)\]]$| (?:ct|cts)$")


def says_minor(heading: str) -> bool:
    """
    Whether a heading, as it is written, says that its amounts are minor units.
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)  # amountCents
    plain = " ".join(re.sub(r"[\s_./,-]+", " ", apart).split()).casefold()
    return _IN_WORDS.search(plain) is not None or _BESIDE.search(plain) is not None
