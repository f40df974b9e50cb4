"""Which panel a conversation asks for. Panels of later stages are loaded when first needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.language import _
from tui.widgets.greeting import Greeting
from tui.widgets.panel import Panel
from tui.widgets.working import Working

if TYPE_CHECKING:
    from engine import Category, Config, Session


def panel_for(session: Session | None, categories: Sequence[Category], config: Config) -> Panel:
    """The panel of this stage."""
    from engine import Stage

    if session is None or session.stage is Stage.DESCRIBING:
        return Greeting()
    if session.draft is None or session.stage is Stage.TRIAGING:
        return Working(_("Je lis vos réponses") if session.attempts else _("Je lis votre message"))
    if session.stage in (Stage.VALIDATING, Stage.REVIEWING):
        from tui.widgets.summary_card import SummaryCard

        return SummaryCard(session, categories, config)
    if session.stage is Stage.EDITING:
        from tui.widgets.draft_form import DraftForm

        return DraftForm(session.draft, categories)
    if session.stage is Stage.CLARIFYING:
        from tui.widgets.clarification import Clarification

        return Clarification(session, config.triage.max_attempts)
    return Working(_("Un instant"))
