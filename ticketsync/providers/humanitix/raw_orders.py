"""
Our raw record of a Humanitix order, put together from the order and its tickets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ticketsync.providers.base import Raw

QUESTION = "question"  # what we add to an answer: the text of its question


def questions_of(event: Raw) -> dict[str, str]:
    """
    The organiser's questions of an event by their ids.
    """
    raws = event.get("additionalQuestions")
    rows = raws if isinstance(raws, list) else ()
    return {
        str(row["_id"]): str(row["question"])
        for row in rows
        if isinstance(row, dict) and row.get("_id") and row.get("question")
    }


def with_questions(row: Raw, questions: Mapping[str, str]) -> Raw:
    """
    An order or ticket with the text of its question beside each answer, or with the
    question's id where the text is not known. Answers are emptied before anything is
    stored.
    """
    answers = row.get("additionalFields")
    if not isinstance(answers, list) or not answers:
        return row
    return {**row, "additionalFields": [_with_question(a, questions) for a in answers]}


def _with_question(answer: Any, questions: Mapping[str, str]) -> Any:
    if not isinstance(answer, dict) or not answer.get("questionId"):
        return answer
    id_ = str(answer["questionId"])
    return {**answer, QUESTION: questions.get(id_, id_)}


def assemble_order(order: Raw, tickets: list[Raw]) -> Raw:
    """
    Our raw record of an order. `swappedTo` is emptied with the other personal fields,
    so what it says is kept in `moved`.
    """
    tickets = sorted(tickets, key=lambda ticket: str(ticket["_id"]))
    raw = {"id": order.get("_id"), "order": order, "tickets": tickets}
    moved = [t["_id"] for t in tickets if new_ticket_id_of(t) and is_cancelled(t)]
    return {**raw, "moved": moved} if moved else raw


def new_ticket_id_of(ticket: Raw) -> str:
    """
    The ticket that this one was swapped for, `""` if it was not.
    """
    new = ticket.get("swappedTo")
    return str(new.get("id") or "") if isinstance(new, dict) else ""


def is_cancelled(ticket: Raw) -> bool:
    """
    Whether Humanitix marks it as cancelled.
    """
    return str(ticket.get("status")).lower() == "cancelled"


def tickets_by_order(tickets: Iterable[Raw]) -> dict[str, list[Raw]]:
    """
    Tickets by their order's id; one that names no order gets a key of its own.
    """
    by_order: dict[str, list[Raw]] = {}
    for ticket in tickets:
        order_id = str(ticket.get("orderId") or f"ticket:{ticket['_id']}")
        by_order.setdefault(order_id, []).append(ticket)
    return by_order
