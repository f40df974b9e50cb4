"""The figures of an evaluation as a page of text, 80 columns wide: every number of ``--json``, said in words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from engine import masking
from engine.config import TriageConfig
from engine.evaluation import Case, Evaluation, LabelFigures, Share
from engine.labels import BANDS
from engine.text import clean
from tui.language import _
from tui.words import INFO_LABELS

WIDTH = 80
"""Columns of the page."""

_NAME = 44
"""Columns of what a figure is called."""

_UNKNOWN = "–"
"""A figure that cannot be computed: never a zero."""


def report(found: Evaluation, config: TriageConfig, mistakes: Sequence[tuple[Case, list[str]]]) -> str:
    """The page; ``config`` has the thresholds, ``mistakes`` the cases to list at the end."""
    parts = [_engines(found), _categories(found), _confidence(found), _bands(found, config), _info(found)]
    parts += [_confusion(found), _tags(found), _mistakes(mistakes)]
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part))) + "\n"


def _engines(found: Evaluation) -> Iterator[str]:
    """Who answered."""
    yield _("Messages mesurés : {n}").format(n=found.measured)
    for (engine, version), lines in found.engines.items():
        yield _("Moteur {engine} {version} : {n} sur {of}").format(
            engine=engine, version=version, n=lines, of=found.measured
        )
    total = sum(found.fallbacks.values())
    causes = ", ".join(f"{cause} {n}" for cause, n in sorted(found.fallbacks.items()))
    yield _("Repli sur le moteur local : {n}").format(n=f"{total} ({causes})" if total else _("aucun"))
    if found.latency:
        times = (_number(value, 1) for value in (found.latency.median, found.latency.p95, found.latency.max))
        yield _("Durée d'une analyse : médiane {} ms, p95 {} ms, maximum {} ms").format(*times)


def _categories(found: Evaluation) -> Iterator[str]:
    """What the answers are worth, the confidence apart."""
    yield _row(_("Catégorie (niveau 1)"), found.category)
    yield _row(_("Catégorie et sous-catégorie (niveau 2)"), found.subcategory)
    yield _line(_("F1 moyen des catégories (macro-F1)"), _number(found.macro_f1)).rstrip()
    yield _row(_("Priorité"), found.priority)
    yield _row(_("Critiques jugées basses ou moyennes"), found.critical_underrated)


def _confidence(found: Evaluation) -> Iterator[str]:
    """Whether the confidence means something."""
    of, of_category = (_("sur {n}").format(n=n) for n in (found.ece_of, found.ece_category_of))
    yield _line(_("Écart de la confiance (ECE), hors 99"), _number(found.ece), of)
    yield _line(_("Le même, d'après la catégorie seule"), _number(found.ece_category), of_category)
    yield _row(_("Action qu'un collègue aurait choisie"), found.band)
    yield _row(_("Messages vagues proposés d'emblée"), found.vague_auto_validated)
    yield _row(_("Catégories fausses proposées d'emblée"), found.wrong_auto_validated)


def _bands(found: Evaluation, config: TriageConfig) -> Iterator[str]:
    """What each band holds, and how much of it is right."""
    auto, confirm, ask = (_number(value, 2) for value in _thresholds(config))
    names = (
        (f"≥ {auto}", _("à valider")),
        (f"{confirm} – {auto}", _("à confirmer")),
        (f"{ask} – {confirm}", _("à préciser")),
        (f"< {ask}", _("trop vague")),
    )
    yield f"{_('Confiance'):<13}{_('Action'):<13}" + _columns(
        _("messages"), _("part"), _("juste"), _("catégorie seule"), widths=(10, 10, 10, 18)
    )
    for (limits, name), band in zip(names, found.bands, strict=True):
        figures = (str(band.coverage.count), *map(_percent, (band.coverage, band.precision, band.category)))
        yield f"{limits:<13}{name:<13}" + _columns(*figures, widths=(10, 10, 10, 18))
    yield ""
    note = _(
        "Juste : la catégorie est bonne et un collègue aurait pu orienter le message sans rien demander. "
        "Un message vague, ou dont on ne peut rien tirer, n'est donc jamais juste, "
        "ni ici ni dans l'écart de la confiance."
    )
    yield from textwrap.wrap(note, WIDTH, break_long_words=False)


def _thresholds(config: TriageConfig) -> tuple[float, float, float]:
    """Descending."""
    return config.auto_validate, config.confirm_summary, config.ask_clarification


def _info(found: Evaluation) -> Iterator[str]:
    """How the values of the message are found."""
    yield f"{_('Informations'):<26}" + _columns(_("attendues"), _("rappel"), _("relevées"), _("précision"))
    for key, name in INFO_LABELS.items():
        yield _found_row(_(name), found.info_keys[key])
    yield _found_row(_("Toutes"), found.info)


def _found_row(name: str, figures: LabelFigures) -> str:
    """Recall and precision of one kind of value."""
    recall, precision = figures.recall, figures.precision
    return f"{name:<26}" + _columns(str(recall.of), _percent(recall), str(precision.of), _percent(precision))


def _confusion(found: Evaluation) -> Iterator[str]:
    """Expected down, found across."""
    if not found.confusion:
        return
    codes = list(found.confusion)
    yield _("Catégories : attendue en ligne, trouvée en colonne")
    yield f"{'':<14}" + "".join(f"{code.partition('-')[0]:>5}" for code in codes) + f"{_('rappel'):>10}"
    for expected, row in found.confusion.items():
        recall = f"{_percent(found.labels[expected].recall):>10}"
        yield f"{expected[:13]:<14}" + "".join(f"{row[code] or '.':>5}" for code in codes) + recall
    precisions = (found.labels[code].precision.value for code in codes)
    yield f"{_('précision %'):<14}" + "".join(
        f"{_UNKNOWN if value is None else f'{value:.0%}'.rstrip('%'):>5}" for value in precisions
    )


def _tags(found: Evaluation) -> Iterator[str]:
    """The category by kind of message, two columns of them."""
    if not found.tags:
        return
    yield _("Catégorie (niveau 1) selon la sorte de message")
    cells = [f"{_plain(tag)[:17]:<18}{_percent(one):>9}{one.of:>6}" for tag, one in found.tags.items()]
    half = -(-len(cells) // 2)
    for left, right in zip(cells[:half], [*cells[half:], ""], strict=False):
        yield f"{left:<40}{right}".rstrip()


def _mistakes(mistakes: Sequence[tuple[Case, list[str]]]) -> Iterator[str]:
    """The cases that are not as labelled, for who works on an engine."""
    for case, wrong in mistakes:
        expected, draft = case.expected, case.draft
        want = (expected.subcategory or expected.category, expected.priority, expected.clarity)
        got = (draft.subcategory or draft.category, draft.priority, _clarity(case))
        name = _UNKNOWN if expected.id is None else _plain(str(expected.id))
        yield f"{name} · {', '.join(_(_WRONG[one]) for one in wrong)}"
        yield _("  attendu {want}").format(want=" ".join(part or _UNKNOWN for part in want))
        yield _("  trouvé  {got} ({n})").format(got=" ".join(got), n=_number(draft.confidence, 2))
        text = masking.store(clean(expected.text)).text
        yield from textwrap.wrap(_plain(text), WIDTH, initial_indent="  ", subsequent_indent="  ")


_WRONG: Mapping[str, str] = {
    "category": "catégorie",
    "subcategory": "sous-catégorie",
    "priority": "priorité",
    "action": "action",
}


def _clarity(case: Case) -> str:
    """The clarity that the action taken would be right for."""
    return next((clarity for clarity, action in BANDS.items() if action == case.action), case.action.value)


def _plain(text: str) -> str:
    """A word of the file on one line, without what could act on the terminal."""
    return " ".join(clean(text).split())


def _row(name: str, share: Share) -> str:
    """One share with its counts."""
    counts = _("{n} sur {of}").format(n=share.count, of=share.of) if share.of else _("aucun message étiqueté")
    return _line(name, _percent(share), counts)


def _line(name: str, figure: str, of: str = "") -> str:
    """A figure under its name, and what it is taken over."""
    return f"{name:<{_NAME}}{figure:>8}   {of}"


def _columns(*cells: str, widths: Sequence[int] = (12, 12, 12, 12)) -> str:
    """Cells to the right of their columns."""
    return "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def _percent(share: Share) -> str:
    """``91,3 %``."""
    return _UNKNOWN if share.value is None else f"{_number(share.value * 100, 1)}\u00a0%"


def _number(value: float | None, digits: int = 3) -> str:
    """As people here write it."""
    return _UNKNOWN if value is None else f"{value:.{digits}f}".replace(".", ",")
