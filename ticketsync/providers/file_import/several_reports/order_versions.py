"""
What several reports say of one order, made one: the newest that sells it counts, and
what others take back is added, as are rows that name it as the order they belong to
(`refund_of`). Reports that contradict each other set it aside.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ticketsync.core.plurals import number_of
from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.one_report.order_rows import UnclearAmountError
from ticketsync.providers.file_import.orders import order_amounts
from ticketsync.providers.file_import.orders.events_from_rows import named_event
from ticketsync.providers.file_import.orders.order_rules import OrderRules
from ticketsync.providers.file_import.orders.same_order import (
    Comparisons,
    Verdict,
    compare,
    is_timed,
)
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.several_reports import (
    added_rows,
    lasting_losses,
    net_sales,
    order_parts,
    repeated_returns,
    reworded_returns,
)
from ticketsync.providers.file_import.several_reports.exported_again import (
    ExportedAgain,
)
from ticketsync.providers.file_import.several_reports.report_versions import (
    CHANGED,
    DIVIDE,
    Conflict,
    Merged,
    Origin,
    Version,
    frozen,
    is_added,
    is_confirmed,
    split_added,
    stored_cells,
    undone,
)


@dataclass(slots=True)
class VersionMerger:
    """
    Makes one order of its versions, which come oldest first.

    exports      which reports are newer exports of others
    numbers      the order numbers in each report, by its key
    notes        which files replaced rows of older ones
    comparisons  how the orders of one report differ from those of another
    repeated     how many orders have alike returns in several reports
    """

    recipe: Recipe
    rules: Mapping[str, Any]
    exports: ExportedAgain
    numbers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    comparisons: Comparisons = field(default_factory=Comparisons)
    repeated: int = 0
    _rules_of: OrderRules = field(init=False)
    _origins: dict[Origin, Origin] = field(default_factory=dict)
    _lacking: dict[tuple[str, str], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        of_order = [it for it in ("fee", "tax") if self.recipe.per.get(it) == "order"]
        self._rules_of = OrderRules(
            self.rules, of_order, is_free_blank="" in self.recipe.free
        )

    def raw(self, id_: str, found: Sequence[Version]) -> tuple[dict[str, Any], Origin]:
        """
        The raw order and the reports that it is from; with its problem if a row of it
        cannot be read, or its versions disagree.
        """
        problem: dict[str, str] = {}
        merged = Merged([line for v in found for line in v.lines], found)
        try:
            _refuse_unreadable(found)
            merged = self._merged(id_, found)
            if self.recipe.order_numbers != "folder":
                _refuse_two_orders(found[-1], merged.lines)
            merged = Merged(self._amounts_once(merged.lines, found), merged.versions)
        except Conflict as conflict:
            problem = {"word": conflict.word, "reason": conflict.reason}
        except UnclearAmountError as error:
            reason = f"{found[-1].place}: {error}"
            problem = {"word": "per-order", "reason": reason}
        raw = self._raw(id_, merged.lines)
        origin = tuple(dict.fromkeys(v.source.key for v in merged.versions))
        return (
            raw | {"problem": problem} if problem else raw
        ), self._origins.setdefault(origin, origin)

    def _raw(self, id_: str, lines: Sequence[Line]) -> dict[str, Any]:
        cells = [stored_cells(line) for line in lines]
        return {"id": id_, "rules": self._rules_of.get_rules(lines), "lines": cells}

    def _amounts_once(
        self, lines: Sequence[Line], found: Sequence[Version] = ()
    ) -> list[Line]:
        """
        The rows of an order with each amount of the whole order once, where `found` are
        the versions that they are from. Raises `UnclearAmountError`.
        """
        if len({version.source.file for version in found}) < 2:
            return order_amounts.taken_once(self.recipe, lines)
        files = {id(line): v.source.file for v in found for line in v.lines}
        of_rows = [files[id(line)] for line in lines]
        return order_amounts.taken_once(self.recipe, lines, of_rows)

    def _figures(
        self, id_: str, lines: Sequence[Line]
    ) -> lasting_losses.Figures | None:
        return lasting_losses.figures_of(self._raw(id_, self._amounts_once(lines)))

    def _merged(self, id_: str, found: Sequence[Version]) -> Merged:
        """
        The newest report that sells an order, what all others take back, and what names
        it as the order it belongs to. Raises `Conflict`.
        """
        if len(found) == 1:
            return Merged(found[0].lines, found)
        own, added = split_added(found)
        selling = [version for version in own if version.sales]
        if self.recipe.order_numbers == "folder":
            chosen = order_parts.join_parts(
                self.recipe, self.rules, selling, self.exports
            )
        else:
            chosen = self._newest(id_, selling)
        others = [version for version in own if not version.sales]
        others += added_rows.newest_of_each(self.recipe, added)
        lines = added_rows.with_returns(chosen.held_lines(), others)
        lines = self._without_reworded(id_, chosen, others, lines)
        lines += self._returned_again(id_, chosen, others, lines)
        if self.recipe.order_numbers != "folder":
            self._refuse_undone(id_, selling, lines, others)
            self._refuse_net(selling, others)
        return Merged(lines, [*others, *chosen.versions])

    def _without_reworded(
        self,
        id_: str,
        chosen: Merged,
        others: Sequence[Version],
        lines: list[Line],
    ) -> list[Line]:
        """
        These rows, of a return that two reports say in other words the fuller one.
        """
        held = [*chosen.held_lines()]
        sellers = {id(version.source) for _, version in held}
        held += [(line, version) for version in others for line in version.lines]
        pairs = reworded_returns.find_reworded(self.recipe, lines, held, sellers)
        if not pairs:
            return lines
        self.repeated += any(not pair.is_one for pair in pairs)
        return reworded_returns.drop_one(
            lines, pairs, self.recipe.repeated_returns, lambda it: self._fits(id_, it)
        )

    def _fits(self, id_: str, lines: Sequence[Line]) -> bool | None:
        """
        Whether an order can have these rows; `None` where that cannot be seen.
        """
        try:
            return lasting_losses.can_be(self._raw(id_, self._amounts_once(lines)))
        except UnclearAmountError:
            return None

    def _returned_again(
        self,
        id_: str,
        chosen: Merged,
        others: Sequence[Version],
        lines: Sequence[Line],
    ) -> list[Line]:
        """
        The rows that count once more because each is a return of its own.
        """
        repeats = repeated_returns.find_repeats(
            self.recipe, chosen, others, self.exports
        )
        if not repeats:
            return []

        def fits(more: Sequence[Line]) -> bool | None:
            return self._fits(id_, [*lines, *more])

        repeats = repeated_returns.possible(repeats, fits)
        if not repeats:
            return []
        self.repeated += 1
        return repeated_returns.settle(repeats, self.recipe.repeated_returns, fits)

    def _refuse_undone(
        self,
        id_: str,
        selling: Sequence[Version],
        lines: Sequence[Line],
        others: Sequence[Version],
    ) -> None:
        """
        `Conflict` where an older report says that more went back than the newest does.
        """
        if len(selling) < 2 or self._is_confirmed(selling[-1]):
            return
        newest = selling[-1].rows
        for version in selling[:-1]:
            if version.rows <= newest:
                continue
            before = added_rows.with_returns(
                Merged(version.lines, [version]).held_lines(), others
            )
            lost = lasting_losses.what_is_undone(
                self._figures(id_, before), self._figures(id_, lines)
            )
            if lost:
                raise undone(selling[-1].place, lost, version.place)

    def _refuse_net(
        self, selling: Sequence[Version], others: Sequence[Version]
    ) -> None:
        """
        `Conflict` where the newest report sells less than an older one by what further
        reports take back: the same money would go back twice.
        """
        if len(selling) < 2 or not others:
            return
        newest = selling[-1]
        back = [
            (version, line)
            for version in others
            for line in version.lines
            if line.is_return and not newest.rows[frozen(line)]
        ]
        for version in selling[:-1]:
            sales = [line.cells for line in self._amounts_once(newest.sales)]
            amount = net_sales.what_went_back_twice(
                self.recipe,
                self.rules,
                [line.cells for line in self._amounts_once(version.sales)],
                sales,
                [line.cells for _, line in back],
            )
            if amount:
                statement, line = back[0]
                raise Conflict(
                    f"{newest.place}: it sells {amount} less than {version.place}, and "
                    f"{statement.source.place(line)} takes that back, which may be the "
                    "same money; remove the report that says it the second time, or "
                    f"{net_sales.remedy(sales, amount)}",
                    "refund-twice",
                )

    def _newest(self, id_: str, selling: Sequence[Version]) -> Merged:
        chosen = Merged(selling[0].lines, selling[:1]) if selling else Merged([], [])
        for before, version in itertools.pairwise(selling):
            chosen = self._newer(id_, chosen, before, version)
        return chosen

    def _newer(
        self, id_: str, chosen: Merged, before: Version, version: Version
    ) -> Merged:
        old = chosen.versions[-1].rows
        new = version.rows
        files = before.source.key, version.source.key
        if new >= old:
            is_sure = is_timed(line.cells for line in version.lines)
            self.comparisons.add(*files, id_, Verdict("same", is_sure=is_sure))
            return Merged(version.lines, [version])
        if version.source.modified_at == before.source.modified_at:
            if old >= new:
                return chosen
            raise Conflict(
                f"{version.place}: {before.place} says something else of this order, "
                f"and neither file is newer; {DIVIDE}"
            )
        verdict = self._compare(chosen.lines, version)
        self.comparisons.add(*files, id_, verdict)
        if verdict.degree == "other":
            raise Conflict(
                f"{version.place}: its number is that of another order in "
                f"{before.place} ({verdict.why}); {DIVIDE}, or {CHANGED}"
            )
        if self._is_net_of(id_, version, chosen):
            number = version.lines[0].cells.get("order", "")
            self.notes.append(
                f"order {number}: {version.source.file} is newer than "
                f"{before.source.file} and sells it less what went back, on which the "
                "older one says more; the older one counts"
            )
            return chosen
        self._note_fewer(before, version)
        return Merged(version.lines, [version])

    def _is_net_of(self, id_: str, version: Version, chosen: Merged) -> bool:
        if self._is_confirmed(version):
            return False
        return lasting_losses.is_net_of(
            self._figures(id_, version.lines), self._figures(id_, chosen.lines)
        )

    def _note_fewer(self, before: Version, version: Version) -> None:
        """
        Say that an order has fewer rows or tickets than before. `Conflict` where the
        whole report has less, so that it is more likely the older one.
        """
        gone = before.rows.total() - version.rows.total()
        tickets = _tickets(before) - _tickets(version)
        if gone <= 0 and tickets <= 0:
            return
        fewer = number_of(gone, "row") if gone > 0 else number_of(tickets, "ticket")
        if self._lacks_orders(before, version) and not self._is_confirmed(version):
            raise Conflict(
                f"{version.place}: it has {fewer} fewer than {before.place}, and "
                f"{version.source.file} lacks orders that the other report has, and "
                "has no further one: it may be the older export; remove it if it is, "
                f"or {CHANGED}",
                "undone",
            )
        number = version.lines[0].cells.get("order", "")
        self.notes.append(
            note_fewer(number, version.source.file, before.source.file, fewer)
        )

    def _lacks_orders(self, before: Version, version: Version) -> bool:
        """
        Whether a report has some of the orders of an older one and no other; each pair
        is looked at once.
        """
        pair = before.source.key, version.source.key
        if pair not in self._lacking:
            older, newer = (self.numbers.get(key, frozenset()) for key in pair)
            self._lacking[pair] = newer < older
        return self._lacking[pair]

    def _compare(self, lines: Sequence[Line], version: Version) -> Verdict:
        if self._is_confirmed(version):
            return Verdict("same", is_sure=True)
        return compare(
            [it.cells for it in self._amounts_once(lines) if not it.is_return],
            [it.cells for it in self._amounts_once(version.lines) if not it.is_return],
            self.rules,
        )

    def _is_confirmed(self, version: Version) -> bool:
        return is_confirmed(self.recipe, [line.cells for line in version.lines])


def _tickets(version: Version) -> int:
    return sum(int(line.cells.get("quantity", "1")) for line in version.sales)


def note_fewer(number: str, newer: str, older: str, fewer: str) -> str:
    """
    Of an order that lost rows or tickets; `fewer` says how many.
    """
    return (
        f"order {number}: {newer} is newer than {older} and has {fewer} fewer; the "
        "newer one counts"
    )


def _refuse_unreadable(found: Sequence[Version]) -> None:
    for version in found:
        for line in version.lines:
            if line.problem:
                place = version.source.place(line)
                raise Conflict(f"{place}: {line.problem}", line.word)


def _refuse_two_orders(version: Version, lines: Sequence[Line]) -> None:
    """
    `Conflict` where one number stands for sales of two events at two times: numbers
    that begin again with each show.
    """
    bought = {
        (named_event(line.cells), line.cells["placed"])
        for line in lines
        if "placed" in line.cells and not line.is_return and not is_added(line)
    }
    events = {event for event, _ in bought}
    times = {placed for _, placed in bought}
    if len(events) > 1 and len(times) > 1:
        raise Conflict(
            f"{version.source.place(lines[0])}: its rows are of {len(events)} events, "
            f"bought at {len(times)} times; {DIVIDE}"
        )
