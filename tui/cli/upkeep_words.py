"""What went wrong between a command of the administrator and GLPI, as a problem with its fix."""

from __future__ import annotations

from engine import Config, GuichetError
from engine.errors import NotAuthorised
from engine.upkeep import GlpiFailed, NoSiteFile, NotConnected, SiteFileUnusable
from tui.cli import output
from tui.language import _
from tui.reasons import reason


def problem_of(error: GuichetError, config: Config) -> output.Problem:
    """What to say about an error of these commands, and what to do next."""
    match error:
        case NotConnected():
            message = _("Aucun GLPI n'est configuré ici.")
            fix = _("Indiquez son adresse et ses jetons (docs/glpi.md), puis relancez la commande.")
        case NotAuthorised():
            message = _("Cette commande est réservée aux techniciens.")
            fix = _("Ajoutez votre nom à [l1] users dans kiosk.toml.")
        case NoSiteFile():
            message = _("Il n'y a pas de kiosk.toml à côté duquel écrire categories.toml.")
            fix = _("Créez kiosk.toml, ou affichez le fichier avec --output -.")
        case SiteFileUnusable("written_by_hand"):
            message = _("{file} est écrit d'une façon que Guichet ne sait pas compléter ligne à ligne.")
            message = message.format(file=error.path)
            fix = _("Ajoutez-y vous-même les glpi_id affichés par « guichet categories sync --dry-run ».")
        case SiteFileUnusable():
            message = _("{file} ne peut pas être écrit.").format(file=error.path)
            fix = _("Vérifiez les droits du dossier, ou affichez le fichier avec --output -.")
        case GlpiFailed("ERROR_RIGHT_MISSING"):
            message = _("Le profil du compte de GLPI n'a pas le droit de lire cela.")
            fix = _("Lancez « guichet doctor » : il nomme ce droit et où le donner.")
        case GlpiFailed():
            message = reason(error.cause)[0]
            fix = _("Lancez « guichet doctor » : il nomme la cause et le remède.")
        case _:
            return output.problem_of(error, config)
    return output.Problem(error.code, message, fix)
