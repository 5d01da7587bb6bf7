"""
The questions that the venue asks its guests, and what they answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ticketsync.sandbox.season import Purchase, Seat


@dataclass(frozen=True)
class Question:
    """
    A question for each ticket, or one for the whole order.
    """

    id: int
    text: str
    is_for_order: bool = False


DIET = Question(801, "Dietary requirements")
SOURCE = Question(802, "How did you hear about us?", is_for_order=True)
QUESTIONS = (DIET, SOURCE)


def answers_of_order(purchase: Purchase) -> Mapping[Question, str]:
    """
    What the buyer answered for all tickets.
    """
    return {SOURCE: "From a friend"} if purchase.buyer % 5 == 0 else {}


def answers_of_ticket(seat: Seat) -> Mapping[Question, str]:
    """
    What was answered for this ticket alone.
    """
    found = {}
    if seat.id % 8 == 0:
        found[DIET] = "Vegetarian"
    if seat.id % 40 == 0:
        found[SOURCE] = "From a poster"
    return found


def true_answers(purchase: Purchase, seat: Seat) -> dict[str, str]:
    """
    Question → answer for one ticket; its own answers win.
    """
    found = {**answers_of_order(purchase), **answers_of_ticket(seat)}
    return {question.text: answer for question, answer in found.items()}
