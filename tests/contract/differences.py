"""What the High-Level API does otherwise: these tests speak of the legacy API only, each with the reason.

What the other API does instead is in ``test_highlevel_contract``.
"""

from __future__ import annotations

from types import MappingProxyType

LEGACY_ONLY = MappingProxyType(
    {
        "test_the_account_and_its_rights_are_known": "GLPI's exact version is told to who may read its configuration",
        "test_the_latest_notes_are_found_across_tickets": "no list of notes across tickets",
        "test_a_solution_is_read_and_solves_the_ticket": "no list of notes across tickets",
        "test_the_category_of_a_pull_is_the_one_of_the_tree": "a pull tells the id of a category, not its whole name",
        "test_the_second_address_of_a_user_leads_to_the_user": "no requester on creation",
        "test_a_double_can_be_linked_to_the_ticket_that_is_kept": "no route for links",
        "test_the_requester_is_the_user": "no requester on creation",
        "test_a_visitor_is_a_requester_by_e_mail": "no visitors",
        "test_requesters_can_be_added": "no visitors",
        "test_the_same_requester_is_refused_twice": "who is there already is fine: the read-back decides",
        "test_an_invalid_address_refuses_the_ticket": "no visitors",
        "test_an_address_with_an_ampersand_is_refused_by_10_only": "no visitors",
        "test_a_group_alone_does_not_take_the_ticket": "a group is assigned after the creation, which moves the status",
        "test_an_unknown_entity_is_a_refused_content": "GLPI answers 403, as for a missing right",
        "test_an_unknown_category_is_not_noticed_by_glpi": "an unknown category is told as none",
        "test_what_does_not_exist_is_said_so": "gone and hidden are the same 404, with a code of ours",
        "test_simultaneous_requests_share_one_login": "a login is two requests",
        "test_a_wrong_user_token_is_our_fault": "other credentials",
        "test_a_wrong_app_token_is_our_fault": "other credentials",
    }
)
