"""A row of actions, of which one may be preselected for Enter."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.reactive import reactive

from tui.widgets.action_key import ActionKey

Action = tuple[str, str, str]
"""Key as printed, words, name of the screen's action."""


class ActionBar(Horizontal):
    """The actions of one moment, in reading order."""

    DEFAULT_CSS = """
    ActionBar { height: 1; width: 1fr; }
    """

    chosen: reactive[int | None] = reactive(None)
    """Index of the action Enter does, or None: then Enter alone does nothing."""

    def __init__(self, actions: Sequence[Action], *, chosen: int | None = None, id: str | None = None) -> None:
        """``chosen``: the preselected one."""
        super().__init__(id=id)
        self._actions = tuple(actions)
        self.set_reactive(ActionBar.chosen, chosen)

    def compose(self) -> ComposeResult:
        """One ``ActionKey`` each."""
        for index, (key, words, action) in enumerate(self._actions):
            yield ActionKey(key, words, action, chosen=index == self.chosen)

    @property
    def action(self) -> str | None:
        """The action Enter does now."""
        return None if self.chosen is None else self._actions[self.chosen][2]

    def move(self, step: int) -> None:
        """Choose the next (1) or the previous (-1) one; from nothing, the first or the last."""
        last = len(self._actions) - 1
        if self.chosen is None:
            self.chosen = 0 if step > 0 else last
        else:
            self.chosen = min(max(self.chosen + step, 0), last)

    def watch_chosen(self, chosen: int | None) -> None:
        """Point at the chosen one."""
        for index, key in enumerate(self.query(ActionKey)):
            key.chosen = index == chosen

    def show(self, actions: Sequence[Action]) -> None:
        """Replace the row by another."""
        if tuple(actions) != self._actions:
            self._actions = tuple(actions)
            self.chosen = None
            self.refresh(recompose=True)
