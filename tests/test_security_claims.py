"""
docs/security.md names a test for each of its claims, and each of these tests exists.
"""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")
DEFENDED = PAGE.partition("## What is defended\n")[2].partition("## What is not")[0]
# Of changes that are made at the same time as this page; a name goes when it is here.
AWAITED = {
    "test_a_backup_writes_through_no_link",
    "test_a_command_sees_no_key_of_another_account",
    "test_a_delivery_that_fails_unforeseen_fails_alone",
    "test_a_hostile_title_adds_no_property_and_no_control_character",
    "test_a_page_that_guesses_our_port_cannot_answer_for_the_person",
    "test_a_pass_for_one_show_opens_that_show_and_no_other",
    "test_a_planted_backup_runs_and_sends_nothing_and_is_named",
    "test_a_planted_webhook_secret_is_neither_run_nor_read",
    "test_a_poisoned_code_keeps_no_guest_from_the_server",
    "test_a_scan_keeps_the_name_of_the_pass_beside_the_chosen_door",
    "test_a_stored_digest_is_no_code_at_the_door",
    "test_a_token_counts_once_whatever_its_spelling",
    "test_a_token_endpoint_that_sends_a_bomb_or_drips_is_given_up",
    "test_a_token_without_an_end_would_be_good_for_ever",
    "test_an_address_that_leaked_is_replaced",
    "test_an_empty_secret_is_refused_in_every_way_of_giving_one",
    "test_an_excerpt_is_masked_before_it_is_cut",
    "test_another_file_is_replaced_by_force_only",
    "test_commands_write_through_one_function_that_cleans",
    "test_f123_no_cell_becomes_a_formula_with_any_list_separator",
    "test_headers_that_drip_end_with_the_deadline",
    "test_knocks_cost_no_more_than_the_budget",
    "test_lists_of_past_shows_are_dropped_and_their_scans_sent",
    "test_no_hostile_scan_fails_a_request_or_lets_somebody_in",
    "test_no_scheduler_executes_what_lies_in_its_folder",
    "test_nothing_of_a_body_with_status_200_is_shown",
    "test_one_that_cannot_be_stored_harms_none_of_its_transaction",
    "test_our_own_files_are_never_replaced_nor_by_force",
    "test_planted_rows_run_nothing_and_get_nothing",
    "test_settings_home_and_database_that_all_may_write_are_refused",
    "test_signing_out_leaves_nothing_on_the_device",
    "test_two_thousand_deliveries_a_hundred_of_them_hostile",
    "test_views_and_triggers_that_are_not_ours_need_a_flag_of_their_own",
}


def rows():
    """
    The claims: what is attempted, what holds, and the cell with its tests.
    """
    for line in DEFENDED.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and cells[2] != "test |".strip(" |"):
            yield cells


def written():
    """
    The names of all tests there are.
    """
    for file in TESTS.rglob("test_*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name


def named():
    return {name for *_, cell in rows() for name in re.findall(r"`(test_\w+)`", cell)}


def test_every_claim_names_a_test():
    claims = list(rows())
    assert len(claims) > 40
    assert [claim for claim in claims if "`test_" not in claim[-1]] == []


def test_every_test_that_a_claim_names_exists():
    assert sorted(named() - set(written()) - AWAITED) == []
