"""
Words of an earlier private vocabulary, which no text may use again.
"""

import re

# In code, comments and messages.
IN_TEXTS = re.compile(
    r"\b(?:told|untold|deaf|dearer|nobody is (?:here|there)|is no currency|is none that"
    r"|mend(?:s|ed|ing)?|whose turn|works it off|worked off|understood as"
    r"|the house is|fed"
    r"|feeds? (?:an?|no|none|the|another|which|that|it|them|shows?))\b",
    re.IGNORECASE,
)
# In documents, which quote no names.
IN_DOCUMENTS = re.compile(
    r"\b(?:told|untold|tells?|understood|mend(?:s|ed)?|nonsense|whose turn"
    r"|stands? (?:in|on|there|below|beside|apart|together)"
    r"|(?<!here )(?:is|are) no (?!longer|more|one|higher|newer)\w+)\b"
)
