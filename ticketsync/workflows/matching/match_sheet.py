"""
Matching in a spreadsheet: the open dates out as rows, the edited rows back in.

A row that cannot be used is named and the others are applied, unless a person wants all
or nothing. An empty decision decides nothing: a row is linked because somebody wrote
`link`, never because a number was left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from ticketsync.boxoffice import fewer_seats
from ticketsync.catalogue import (
    adopting,
    links,
    matching_input,
    moves,
    occurrences,
    selection,
    shows,
)
from ticketsync.catalogue.links import Pair
from ticketsync.catalogue.matching_rules import candidates
from ticketsync.catalogue.matching_rules.candidates import Match
from ticketsync.catalogue.matching_rules.matching import MatchPlan
from ticketsync.core import clock, errors
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.core.settings.config import Settings
from ticketsync.core.spreadsheets import sheets, table_files
from ticketsync.core.spreadsheets.rows import Row
from ticketsync.store.engine import Database
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.matching import link_currencies, match
from ticketsync.workflows.matching.match_session import MatchSession

COLUMNS = (
    *("date_id", "account", "event", "starts_at", "venue", "capacity"),
    *("decision", "show", "why", "candidates"),
)
NEEDED = ("date_id", "decision", "show")
DECISIONS = ("link", "never", "new", "skip", "")


@dataclass(frozen=True, slots=True)
class Decision:
    """
    What one row says about one date; `show_id` where it is `link`.
    """

    verb: str
    occurrence_id: int
    show_id: int | None = None
    title: str = ""


def rows(plan: MatchPlan) -> Iterator[dict[str, Any]]:
    """
    One row an occurrence: what is certain is filled in, the rest shows its candidates.
    Last come the shows that no platform sells, for whoever looks for them; those rows
    have no `date_id` and nothing to decide.
    """
    for sure in plan.certain:
        yield _row(sure.occurrence, "link", str(sure.show.show_id), sure.reason(), [])
    for item in plan.unsure:
        yield _row(item.occurrence, "", "", item.why, item.candidates)
    for show in plan.unmatched_shows:
        yield {
            **dict.fromkeys(COLUMNS, ""),
            "event": show.production,
            "starts_at": show.starts_local,
            "venue": show.venue,
            "capacity": show.capacity,
            "show": str(show.show_id),
            "why": "no platform sells this show",
        }


@dataclass(frozen=True, slots=True)
class DecisionSheet:
    """
    What an edited file says: its decisions, and the rows that cannot be used, each in
    words that begin with its place.
    """

    decisions: tuple[Decision, ...]
    bad_rows: tuple[str, ...]


def read_sheet(connection: Connection, file: Path) -> DecisionSheet:
    """
    The decisions of an edited file and the rows that cannot be used. Where one date
    appears twice, neither row is used.

    Raises: `BadFile` for a file that is not such a sheet.
    """
    lines = sheets.rows_of(table_files.open_file(file))
    names = _headings(file, next(lines, None))
    known = {offer.id: offer for offer in occurrences.list_occurrences(connection)}
    found: list[tuple[str, Decision]] = []
    bad: list[str] = []
    for line in lines:
        try:
            decision = _decision(connection, _cells(names, line), known)
        except errors.TicketsyncError as error:
            bad.append(f"{line.position}: {error.message.rstrip('.')}")
            continue
        if decision is not None:
            found.append((line.position, decision))
    dates = Counter(decision.occurrence_id for _, decision in found)
    bad += [
        f"{position}: date {decision.occurrence_id} appears twice"
        for position, decision in found
        if dates[decision.occurrence_id] > 1
    ]
    once = (decision for _, decision in found if dates[decision.occurrence_id] == 1)
    return DecisionSheet(tuple(once), tuple(bad))


def refuse_bad_rows(sheet: DecisionSheet, file: Path) -> None:
    """
    Raises: `BadFile` with every row that cannot be used, if there are any.
    """
    if sheet.bad_rows:
        raise errors.BadFile(
            f"{file.name}: {number_of(len(sheet.bad_rows), 'row')} cannot be used, "
            "nothing was changed.",
            hint="Fix them and run the same command again.",
            details=errors.first_of(sheet.bad_rows),
        )


def _headings(file: Path, line: Row | None) -> list[str]:
    """
    The names of the columns.

    Raises: `BadFile` where one that is needed is missing.
    """
    if line is None:
        raise errors.BadFile(f"{file.name} is empty.", hint="Write it with --to FILE.")
    names = [cell.strip().lower() for cell in line.cells]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise errors.BadFile(
            f"{file.name} has no column {', '.join(missing)}.",
            hint="Write a fresh file with `ticketsync match --to FILE`.",
        )
    return names


def _cells(names: Sequence[str], line: Row) -> dict[str, str]:
    """
    Raises `BadFile` for a row that cannot be read.
    """
    if line.problem:
        raise errors.BadFile(line.problem)
    return dict(zip(names, line.cells, strict=False))


def implausible(connection: Connection, decisions: Iterable[Decision]) -> list[str]:
    """
    The rows to be linked that look like a slip, in words: a cell filled down too far,
    a number in the wrong line. A person may insist on them.
    """
    everything = occurrences.list_occurrences(connection)
    by_id = {offer.id: offer for offer in everything}
    ours = {show.id: show for show in shows.list_shows(connection)}
    titles = {
        item.occurrence_id: (item.production, item.known_as)
        for item in matching_input.build_occurrence_candidates(connection, everything)
    }
    linked_shows: dict[tuple[str, int], set[str]] = {}
    for offer in everything:
        if offer.show_id is not None:
            linked_shows.setdefault((offer.account, offer.show_id), set()).add(
                offer.starts_local
            )
    found = []
    for decision in decisions:
        if decision.show_id is None:
            continue
        offer, show = by_id[decision.occurrence_id], ours[decision.show_id]
        others = linked_shows.setdefault((offer.account, show.id), set())
        problem = _discrepancy(offer, show, titles.get(offer.id, (None, None)), others)
        others.add(offer.starts_local)
        if problem:
            found.append(
                f"{offer.account} {offer.event} {offer.starts_local} is not "
                f"{show.production} {show.starts_local}: {problem}"
            )
    return found


def _discrepancy(
    offer: occurrences.LinkedOccurrence,
    show: shows.ShowInfo,
    titles: tuple[str | None, str | None],
    others: set[str],
) -> str:
    """
    Why a pair looks wrong; `others` is when the other occurrences of this account
    start that are linked to the show.
    """
    if offer.is_dated and abs(offer.starts_at - show.starts_at) > moves.LARGEST_MOVE:
        return "they are more than a day apart"
    linked = titles[0]
    if linked is not None and linked != show.production:
        return f"its listing is linked to {linked}"
    alike = candidates.likeness(show.production, offer.event)
    if show.production not in titles and alike < candidates.SAME_TITLE:
        return f"titles only {alike} % alike"
    if offer.currency and offer.currency != show.currency:
        return f"it sells in {offer.currency}, the show is in {show.currency}"
    if others - {offer.starts_local}:
        return f"{offer.account} already sells it at {', '.join(sorted(others))}"
    return ""


def apply(
    database: Database,
    settings: Settings,
    decisions: Iterable[Decision],
    *,
    insists: bool = False,
) -> MatchSession:
    """
    Save all decisions in one transaction, as one batch that `--undo` takes back. The
    person insists or not on what looks like a mistake.

    Raises: `GuardRefused` (`currency-changed`) where one sells in another currency.
    """
    done = MatchSession(database, settings, match.new_batch())
    now = clock.now()
    decisions = list(decisions)
    with database.write() as connection:
        on_sale = fewer_seats.lock_on_sale(connection)
        links.lock_occurrences(
            connection,
            (decision.occurrence_id for decision in decisions),
            (decision.show_id for decision in decisions if decision.show_id),
        )
        touched: set[int] = set()
        for decision in decisions:
            if decision.verb == "never":
                date = decision.occurrence_id
                links.refuse_pair(connection, date, None, batch=done.batch, now=now)
                done.refused += 1
            else:
                touched.add(_link(connection, decision, done, now, on_sale))
        recompute_figures.recompute(connection, settings, touched)
        if not insists:
            linked = {it.occurrence_id for it in decisions if it.verb == "link"}
            link_currencies.check(connection, linked)
    return done


def _link(
    connection: Connection,
    decision: Decision,
    done: MatchSession,
    now: datetime,
    on_sale: Collection[int],
) -> int:
    """
    Link an occurrence to the chosen show or to a new one; returns our id of the show.
    """
    date = decision.occurrence_id
    if decision.verb == "new":
        offer = occurrences.get_occurrence(connection, date)
        show = adopting.adopt_occurrence(
            *(connection, offer, decision.title),
            batch=done.batch,
            now=now,
            keep_seats_of=on_sale,
        )
        done.linked += 1
        return show.id
    assert decision.show_id is not None
    pair = Pair(date, decision.show_id, "chosen in a file")
    done.linked += links.save_links(
        connection, [pair], decided_by="person", batch=done.batch, now=now
    )
    return decision.show_id


def _row(
    date: Any, decision: str, show: str, why: str, candidates: Sequence[Match]
) -> dict[str, Any]:
    near = "; ".join(
        f"{c.show.show_id} {c.show.production} {c.show.starts_local} ({c.reason()})"
        for c in candidates[:5]
    )
    return {
        "date_id": date.occurrence_id,
        "account": date.account,
        "event": date.event,
        "starts_at": date.starts_local,
        "venue": date.venue or "",
        "capacity": date.capacity,
        "decision": decision,
        "show": show,
        "why": why,
        "candidates": near,
    }


def _decision(
    connection: Connection,
    cells: dict[str, str],
    known: dict[int, occurrences.LinkedOccurrence],
) -> Decision | None:
    number, verb = cells.get("date_id", ""), cells.get("decision", "").lower()
    show = cells.get("show", "")
    if not number and not verb:
        return None
    offer = known.get(int(number)) if number.isascii() and number.isdigit() else None
    if offer is None:
        raise errors.UsageError(f"{safe(number)!r} is not the number of a date")
    if verb not in DECISIONS:
        raise errors.UsageError(
            f"{safe(verb)!r} is not a decision (link, never, new, skip)"
        )
    if verb == "link":
        if not show:
            raise errors.UsageError("link, but no show")
        return Decision(verb, offer.id, _show(connection, show))
    if verb == "new":
        return Decision(verb, offer.id, title=show or offer.event)
    if show and not verb:
        raise errors.UsageError(
            f"show {safe(show)}, but no decision (write link, or empty the cell)"
        )
    return Decision(verb, offer.id) if verb == "never" else None


def _show(connection: Connection, wanted: str) -> int:
    """
    A number is a show's number and nothing else; else as `link` understands it.
    """
    found = selection.find_named_show(connection, wanted)
    if wanted.isdigit() and str(found.id) != wanted and found.reference != wanted:
        raise errors.NotFound(f"There is no show {wanted}")
    return found.id
