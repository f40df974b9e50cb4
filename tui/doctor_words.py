"""What ``guichet doctor`` found, in words: a title for each check, a sentence and a remedy for each cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.doctor.examination import Check
from tui.clean import one_line
from tui.doctor_sentences import CAUSES, RIGHT_GIVEN, RIGHT_MISSING, RIGHT_NOT_TOLD, RIGHTS, TITLES
from tui.language import _

NOT_CHECKED = "Une autre faute empêche de le vérifier."

FIELDS: Mapping[int, str] = MappingProxyType(
    {
        4: "demandeur", 5: "technicien", 6: "fournisseur", 8: "groupe technique", 13: "éléments associés",
        18: "échéance", 30: "SLA de résolution", 37: "SLA de prise en charge", 65: "groupe observateur",
        66: "observateur", 71: "groupe demandeur", 83: "lieu", 142: "document",
    }
)  # fmt: skip
"""Fields of a ticket template by their number (GLPI's search options)."""

APIS: Mapping[str, str] = MappingProxyType(
    {"legacy": "l'API REST héritée (legacy)", "highlevel": "l'API de haut niveau (highlevel)"}
)
"""The two transports, with the word of the configuration."""

PLACES: Mapping[str, str] = MappingProxyType(
    {"environment": "environnement", "file": "fichier", "keyring": "trousseau de clés"}
)
"""Where a secret was found."""


@dataclass(frozen=True)
class Finding:
    """A check as people read it. A good one with a remedy is a warning."""

    name: str
    ok: bool | None
    cause: str
    fix: str | None

    @property
    def is_spared(self) -> bool:
        """Whether another fault made it meaningless; told in one line with the others, so as not to hide that fault."""
        return self.ok is None and self.cause == _(NOT_CHECKED)

    @property
    def mark(self) -> str:
        """One word: needs neither colour nor a character that some terminal lacks."""
        if self.ok is None:
            return _("non vérifié")
        if not self.ok:
            return _("FAUTE")
        return _("attention") if self.fix else _("bon")


def in_words(check: Check) -> Finding:
    """A check in words."""
    title = _(TITLES[check.name])
    cause, fix = _sentences(check)
    values = {key: one_line(str(value)) for key, value in check.values.items()} | _derived(check)
    return Finding(title, check.ok, _(cause).format(**values), _(fix).format(**values) if fix else None)


def _sentences(check: Check) -> tuple[str, str | None]:
    if check.name.startswith("right_"):
        return _right(check)
    if (check.name, check.cause) in CAUSES:
        return CAUSES[check.name, check.cause]
    if check.cause == "not_checked":
        return NOT_CHECKED, None
    return CAUSES["", check.cause]


def _right(check: Check) -> tuple[str, str | None]:
    """The profile has it, lacks it, or GLPI does not tell."""
    _title, where, without = RIGHTS[check.name]
    match check.cause:
        case "given":
            return RIGHT_GIVEN, None
        case "not_told":
            return RIGHT_NOT_TOLD, None
        case "spared":
            return without, None
        case "not_checked":
            return NOT_CHECKED, None
    return f"{RIGHT_MISSING} {without}", where


def _derived(check: Check) -> dict[str, str]:
    """What a sentence shows of the values in a form of its own."""
    shown: dict[str, str] = {}
    if check.name == "glpi_zone" and "minutes" in check.values:
        minutes = int(check.values["minutes"])
        shown["offset"] = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    if check.name == "glpi_clock" and "ahead" in check.values:
        shown["side"] = _("en avance") if check.values["ahead"] else _("en retard")
    if "fields" in check.values:
        numbers = [int(number) for number in str(check.values["fields"]).split(",")]
        shown["fields"] = ", ".join(_(FIELDS[n]) if n in FIELDS else _("champ n° {n}").format(n=n) for n in numbers)
    if "api" in check.values:
        shown["api"] = _(APIS[str(check.values["api"])])
    if check.name == "secrets" and "names" in check.values:
        names = str(check.values["names"])
        for place, said in PLACES.items():
            names = names.replace(f"({place})", f"({_(said)})")
        shown["names"] = one_line(names)
    if "others" in check.values:
        shown["others"] = str(check.values["others"]) or _("aucun autre")
    return shown
