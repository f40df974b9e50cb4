"""What the simulated GLPI says: localised messages and the HTML pages that a client must not take for an answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

RIGHTS = "Vous n'avez pas les droits requis pour réaliser cette action."

_FRENCH: Mapping[str, str] = MappingProxyType(
    {
        "ERROR_APP_TOKEN_PARAMETERS_MISSING": "le paramètre app_token est manquant",
        "ERROR_WRONG_APP_TOKEN_PARAMETER": "le paramètre app_token semble incorrect",
        "ERROR_LOGIN_PARAMETERS_MISSING": "le(s) paramètre(s) login, password ou user_token sont manquants",
        "ERROR_SESSION_TOKEN_MISSING": "le paramètre session_token est manquant ou vide",
        "ERROR_SESSION_TOKEN_INVALID": "session_token semble incorrect",
        "ERROR_GLPI_LOGIN_USER_TOKEN": "le paramètre user_token semble incorrect",
        "ERROR_GLPI_LOGIN": "Identifiant ou mot de passe incorrect",
        "ERROR_ITEM_NOT_FOUND": "Élément introuvable",
        "ERROR_RIGHT_MISSING": RIGHTS,
        "ERROR_BAD_ARRAY": "Le paramètre input doit être un tableau d'objets",
        "ERROR_JSON_PAYLOAD_INVALID": "JSON payload seems not valid",
        "ERROR_RESOURCE_NOT_FOUND_NOR_COMMONDBTM": (
            "la ressource n'a pas été trouvée ou n'est pas une instance de CommonDBTM"
        ),
        "ERROR_LOGIN_WITH_CREDENTIALS_DISABLED": (
            "l'utilisation de la ressource initSession avec les identifiants est désactivée"
        ),
        "ERROR_NOT_ALLOWED_IP": (
            "Il n'y a aucun client de l'API dans la configuration qui vérifie votre adresse IP (127.0.0.1)"
        ),
        "ERROR_METHOD_NOT_ALLOWED": "Method not allowed",
    }
)
_ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "ERROR_GLPI_LOGIN_USER_TOKEN": "parameter user_token seems invalid",
        "ERROR_SESSION_TOKEN_INVALID": "session_token seems invalid",
        "ERROR_ITEM_NOT_FOUND": "Item not found",
        "ERROR_RIGHT_MISSING": "You don't have permission to perform this action.",
    }
)
_DOCUMENTED = frozenset(
    {
        "ERROR",
        "ERROR_APP_TOKEN_PARAMETERS_MISSING",
        "ERROR_BAD_ARRAY",
        "ERROR_FIELD_NOT_FOUND",
        "ERROR_LOGIN_PARAMETERS_MISSING",
        "ERROR_RANGE_EXCEED_TOTAL",
        "ERROR_RESOURCE_NOT_FOUND_NOR_COMMONDBTM",
        "ERROR_SESSION_TOKEN_MISSING",
        "ERROR_WRONG_APP_TOKEN_PARAMETER",
    }
)


def message(code: str, text: str | None, *, root_url: str, language: str | None) -> str:
    """The message beside an error code, in French unless English was asked for."""
    english = _ENGLISH.get(code) if (language or "fr").startswith("en") else None
    words = text or english or _FRENCH[code]
    if code not in _DOCUMENTED:
        return words
    return f"{words}; Afficher la documentation dans votre navigateur à {root_url}/#{code}"


def page(title: str) -> str:
    """A page of GLPI's web interface."""
    return (
        '\n<!DOCTYPE html>\n<html lang="fr">\n<head>\n   <title>'
        f'{title} - GLPI</title>\n   <meta charset="utf-8" />\n</head>\n<body></body>\n</html>\n'
    )


DOCUMENTATION = "# GLPI REST API:  Documentation\n\n## Summary\n"
"""What the bare address of the API answers, as text/html."""
