"""Why GLPI did not take something, and what to do about it: a sentence for each code that an outbox entry can have.

The codes are ours or GLPI's own (``glpi.errors``); text of a server never gets here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from tui.language import _

_REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ERROR_GLPI_ADD": (
            "GLPI a refusé ce contenu : un champ obligatoire de son modèle, une règle métier ou une valeur.",
            "Corrigez le ticket avec « guichet outbox edit », ou le modèle dans GLPI, puis réessayez.",
        ),
        "ERROR_GLPI_UPDATE": (
            "GLPI a refusé cette modification.",
            "Vérifiez que le compte peut modifier ce ticket dans GLPI, puis réessayez.",
        ),
        "ERROR_BAD_ARRAY": (
            "GLPI n'a pas su lire ce qui a été envoyé.",
            "Corrigez le texte avec « guichet outbox edit », puis réessayez.",
        ),
        "TOO_LARGE": (
            "Le texte est trop long pour le serveur web de GLPI.",
            "Augmentez sa taille limite (client_max_body_size, post_max_size), puis réessayez.",
        ),
        "CATEGORY_UNMAPPED": (
            "Cette catégorie n'a pas d'équivalent dans GLPI.",
            "Complétez la correspondance avec « guichet categories sync », puis réessayez.",
        ),
        "CHANGED_IN_GLPI": (
            "Le ticket a été modifié entre-temps dans GLPI : c'est sa valeur qui est gardée.",
            "« retry » impose la nôtre, « discard » accepte celle de GLPI.",
        ),
        "TICKET_ERASED": (
            "Ce texte a été effacé de cet appareil avant d'être envoyé.",
            "Abandonnez cet envoi avec « guichet outbox discard ».",
        ),
        "ERROR_ITEM_NOT_FOUND": (
            "Ce ticket n'existe plus dans GLPI.",
            "Abandonnez cet envoi avec « guichet outbox discard ».",
        ),
        "GONE_OR_HIDDEN": (
            "Ce ticket n'existe plus dans GLPI, ou n'y est plus visible pour ce compte.",
            "Vérifiez-le dans GLPI, puis réessayez ou abandonnez cet envoi.",
        ),
        "ERROR_RIGHT_MISSING": (
            "Le compte de GLPI n'a pas le droit de faire cela sur ce ticket.",
            "Donnez-lui ce droit (voir « guichet doctor »), puis réessayez.",
        ),
        "NOT_FOUND_YET": (
            "La réponse de GLPI s'est perdue : Guichet vérifie si le ticket y est, avant de le renvoyer.",
            "Rien à faire.",
        ),
        "LOST": ("Le ticket n'est pas arrivé dans GLPI : il va être renvoyé.", "Rien à faire."),
        "NO_CONNECTION": ("GLPI est injoignable.", "Rien à faire : l'envoi reprendra avec le réseau."),
        "TIMEOUT": ("GLPI n'a pas répondu à temps.", "Rien à faire : l'envoi sera repris."),
        "CONNECTION_LOST": ("La connexion à GLPI a été coupée.", "Rien à faire : l'envoi sera repris."),
        "LEASE_LOST": ("Un autre guichet a pris la main sur l'envoi.", "Rien à faire."),
        "NOT_JSON": (
            "GLPI a répondu par une page web : il est en maintenance, ou l'adresse n'est pas la bonne.",
            "Si cela dure, lancez « guichet doctor ».",
        ),
        "BAD_SHAPE": (
            "GLPI a répondu autrement que prévu.",
            "Si cela dure, lancez « guichet doctor ».",
        ),
        "NO_ROUTE": ("Aucun chemin ne mène à GLPI.", "Rien à faire : l'envoi reprendra avec le réseau."),
        "PROXY_UNUSABLE": (
            "Le serveur mandataire (proxy) de cette machine est inutilisable.",
            "Corrigez les variables HTTPS_PROXY et NO_PROXY, puis lancez « guichet doctor ».",
        ),
        "CA_FILE_UNUSABLE": (
            "Le fichier d'autorité [glpi] ca_file est inutilisable.",
            "Corrigez son chemin ou son contenu, puis lancez « guichet doctor ».",
        ),
        "REDIRECT": (
            "Le serveur renvoie vers une autre adresse.",
            "Indiquez dans [glpi] url l'adresse définitive, en https.",
        ),
        "TLS_CERTIFICATE": (
            "Le certificat de GLPI n'est pas reconnu.",
            "Indiquez votre autorité dans [glpi] ca_file, ou renouvelez le certificat.",
        ),
        "RIGHT_MISSING": (
            "Le profil du compte de GLPI n'a pas un droit nécessaire.",
            "Lancez « guichet doctor » : il nomme ce droit.",
        ),
        "AUTHORIZATION_STRIPPED": (
            "Le serveur web de GLPI retire l'en-tête Authorization.",
            "Lancez « guichet doctor » : il donne la ligne à ajouter.",
        ),
        "MAINTENANCE": ("GLPI est en maintenance.", "Rien à faire : l'envoi sera repris."),
        "DATABASE_DOWN": ("La base de données de GLPI est arrêtée.", "Rien à faire : l'envoi sera repris."),
        "ERROR_API_DISABLED": (
            "L'API de GLPI est désactivée.",
            "Activez-la dans GLPI (Configuration > Générale > API).",
        ),
        "ERROR_NOT_ALLOWED_IP": (
            "GLPI n'accepte pas l'adresse de cette machine.",
            "Ajoutez-la au client d'API dans GLPI.",
        ),
        "NAME_UNRESOLVED": (
            "L'adresse de GLPI est inconnue du réseau.",
            "Rien à faire si le réseau est coupé ; sinon vérifiez [glpi] url.",
        ),
        "NO_API_HERE": ("Il n'y a pas d'API de GLPI à cette adresse.", "Vérifiez [glpi] url avec « guichet doctor »."),
        "TLS_FAILED": (
            "La connexion sécurisée à GLPI a échoué.",
            "Vérifiez [glpi] url et le certificat avec « guichet doctor ».",
        ),
        "API_VERSION_UNKNOWN": (
            "Ce GLPI ne parle aucune version connue de son API REST moderne.",
            'Mettez api = "legacy" dans [glpi], ou mettez Guichet à jour.',
        ),
        "SCOPE_MISSING": (
            "Le client OAuth de GLPI n'a pas la portée « api ».",
            "Cochez-la dans GLPI (Configuration > Clients OAuth).",
        ),
        "discarded": ("Abandonné par un technicien.", "Rien à faire."),
    }
)


def reason(code: str | None) -> tuple[str, str]:
    """(why, what to do) in words; two empty texts for no code."""
    if code is None:
        return "", ""
    if code in _REASONS:
        why, fix = _REASONS[code]
        return _(why), _(fix)
    if re.search(r"TOKEN|LOGIN|OAUTH|CREDENTIALS|UNAUTHENTICATED", code):
        return _("GLPI refuse les jetons de ce guichet ({code}).").format(code=code), _(
            "Corrigez le jeton, puis lancez « guichet doctor »."
        )
    if re.fullmatch(r"HTTP_(408|425|429|5\d\d)", code):
        return _("GLPI est surchargé ou en panne ({code}).").format(code=code), _("Rien à faire : l'envoi sera repris.")
    return _("GLPI n'a pas accepté l'envoi ({code}).").format(code=code), _("Lancez « guichet doctor ».")
