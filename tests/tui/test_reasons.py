"""Every cause that an entry or a sync may have is told in words, never as a bare code."""

from __future__ import annotations

import pytest

from tui.reasons import reason


@pytest.mark.parametrize("code", ["BAD_SHAPE", "NO_ROUTE", "PROXY_UNUSABLE", "CA_FILE_UNUSABLE", "TLS_FAILED"])
def test_a_failure_on_the_way_is_no_refusal_of_the_content(code: str) -> None:
    why, fix = reason(code)
    assert code not in why
    assert why.endswith(".") and fix


def test_a_lost_login_is_a_matter_of_the_token() -> None:
    assert "jeton" in reason("ERROR_UNAUTHENTICATED")[1]
