"""
The words of matching, the same on the screen, on the page and in messages.
"""

from __future__ import annotations

from collections.abc import Mapping

from ticketsync.catalogue import links, undoing
from ticketsync.catalogue.matching_rules.matching import OffsetProposal
from ticketsync.catalogue.matching_rules.offsets import Offset
from ticketsync.catalogue.undoing import RecentDecision, UndoneDecision
from ticketsync.core.plurals import number_of
from ticketsync.providers import registry

REMEMBER = "From now on, link such dates without asking"
NOT_OURS = "Not one of your shows"
NONE_OURS = "None of them is one of your shows"
ANOTHER_SHOW = "Another show …"
KINDS: Mapping[str, str] = {
    links.CHOSEN: "chosen by hand",
    links.CERTAIN: "certain",
    links.BY_OFFSET: "by an offset",
    undoing.ADOPTED: "adopted",
}


def same_for_all(number: int) -> str:
    return f"Same for all {number:,}"


def apply_to(number: int) -> str:
    return f"Apply to {number:,}"


def describe_offset(offset: Offset) -> str:
    """
    What an account does: `Ticket Tailor (tt) lists doors, 30 min before, for Late
    Laughs`.
    """
    platform = registry.titles([offset.provider])
    return (
        f"{platform} ({offset.account}) lists {offset.habit}, for {offset.production}"
    )


def describe_evidence(proposal: OffsetProposal) -> str:
    """
    Why a learnt offset is proposed: `You confirmed 6 dates like this; 11 more fit
    exactly`.
    """
    pairs, more = proposal.offset.pairs, len(proposal.dates)
    fit = number_of(more, "more fits", "more fit")
    return f"You confirmed {number_of(pairs, 'date')} like this; {fit} exactly"


def describe_undone(undone: UndoneDecision) -> str:
    """
    What was taken back: `59 links (4 chosen by hand, 55 certain) and 1 refusal`.
    """
    kinds = ", ".join(f"{n:,} {KINDS[kind]}" for kind, n in undone.kinds.items())
    of = f" ({kinds})" if kinds else ""
    return (
        f"{number_of(len(undone.taken_back), 'link')}{of} and "
        f"{number_of(undone.refusals, 'refusal')}"
    )


def describe_recent(decision: RecentDecision) -> str:
    """
    What was linked: `4 dates, chosen by hand`, `55 dates, certain, automatically`.
    """
    who = ", automatically" if decision.is_automatic else ""
    return f"{number_of(decision.count, 'date')}, {KINDS[decision.kind]}{who}"
