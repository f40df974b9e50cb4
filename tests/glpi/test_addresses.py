"""Reads glpi/addresses.py."""

from __future__ import annotations

import pytest

from glpi.addresses import is_taken

LONGEST = "x" * 64


@pytest.mark.parametrize(
    "address",
    [
        "marie.dupont@exemple.fr",
        "o'brien+borne@sous.domaine.exemple.museum",
        "A_b-c%d{e}@x-y.fr",
        f"{LONGEST}@exemple.fr",
    ],
)
def test_an_address_that_both_servers_took_is_taken(address: str) -> None:
    assert is_taken(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "pas-une-adresse",
        ".a@exemple.fr",
        "a.@exemple.fr",
        "a..b@exemple.fr",
        "a b@exemple.fr",
        "a&b@exemple.fr",
        f"x{LONGEST}@exemple.fr",
        "é@exemple.fr",
        "a@é.fr",
        "a@-x.fr",
        "a@x-.fr",
        "a@x..fr",
        "a@x_y.fr",
        "a@localhost",
        "a@exemple.fr\n",
        "<a@exemple.fr>",
        "a@x.fr,b@x.fr",
        "a@" + "x" * 64 + ".fr",
        "a@" + ".".join(["x" * 60] * 5) + ".fr",
    ],
)
def test_an_address_that_a_server_refused_or_might_is_left_out(address: str) -> None:
    assert not is_taken(address)
