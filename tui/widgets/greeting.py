"""What an empty counter says: what to do, three examples, and who reads it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.message import Message

from tui.language import _
from tui.widgets.panel import Panel, PromptWords


class Greeting(Panel):
    """Shown until the first message."""

    DEFAULT_CSS = """
    Greeting {
        height: 1fr; padding: 0 4; content-align: left middle;
    }
    """

    @dataclass
    class Described(Message):
        """The person said what is wrong (or nothing at all)."""

        text: str

    def __init__(self) -> None:
        """The same words for everybody."""
        super().__init__(id="greeting")

    @property
    def prompt(self) -> PromptWords:
        """For the first sentence."""
        return PromptWords(_("Votre message"), _("Écrivez ici, puis Entrée"), notice=False)

    def render(self) -> Content:
        """One calm block, drawn without a child: the first frame waits for every widget."""
        examples = (
            _("« Mon imprimante HP au bureau 301 ne fonctionne plus »"),
            _("« Mon ordinateur est très lent depuis ce matin »"),
            _("« Je n'arrive pas à me connecter au WiFi »"),
        )
        return Content.assemble(
            (_("Bonjour. Que se passe-t-il ?"), "bold $lamp"),
            "\n\n",
            _("Dites-le avec vos mots, en une phrase : j'en fais un ticket."),
            "\n\n",
            (_("Par exemple :"), "$quiet"),
            *(f"\n  {example}" for example in examples),
            "\n\n",
            _("Cet échange est analysé par une IA."),
            "\n",
            (_("Un technicien reste à une touche : F8."), "$quiet"),
        )

    def hear(self, text: str) -> None:
        """The first sentence."""
        self.post_message(self.Described(text))
