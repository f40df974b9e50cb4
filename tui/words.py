"""What the engine says in codes, said in French: errors, priorities, categories, the state of the sending.

Every error is one plain sentence and what to do next. No text of a server or of an exception gets here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.errors import ConfigError, GuichetError, InvalidInput, RateLimited, StoreUnavailable
from tui.language import _

if TYPE_CHECKING:
    from engine import Category, Config, Draft, Promise, Ticket

PRIORITIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "low": ("▼", "Basse"),
        "medium": ("■", "Moyenne"),
        "high": ("▲", "Haute"),
        "critical": ("!!", "Critique"),
    }
)
"""Mark and word of each priority: neither needs the colour."""

INFO_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "device_type": "Appareil",
        "brand": "Marque",
        "model": "Modèle",
        "location": "Lieu",
        "software": "Logiciel",
        "os": "Système",
        "error_message": "Message d'erreur",
        "onset": "Début",
        "frequency": "Fréquence",
        "recent_changes": "Changements",
        "affected": "Concerne",
    }
)
"""Labels of ``extracted_info``, in the order they are shown."""

_AS_A_THING: Mapping[str, str] = MappingProxyType(
    {
        "01-access": "un problème d'accès ou de connexion",
        "01-01-pwd": "un mot de passe oublié",
        "01-02-locked": "un compte bloqué",
        "01-03-vpn": "un problème d'accès VPN",
        "02-email": "un problème de messagerie",
        "02-01-receive": "un problème d'e-mails non reçus",
        "02-02-send": "un problème d'e-mails non envoyés",
        "02-03-full": "une boîte aux lettres pleine",
        "03-network": "un problème de réseau",
        "03-01-wifi": "un problème de Wi-Fi",
        "03-02-slow": "un problème d'Internet lent",
        "03-03-no-internet": "un problème d'accès à Internet",
        "04-hardware": "un problème de matériel",
        "04-01-no-boot": "un ordinateur qui ne démarre pas",
        "04-02-slow": "un ordinateur très lent",
        "04-03-screen": "un problème d'écran",
        "04-04-printer": "un problème d'imprimante",
        "05-software": "un problème de logiciel",
        "05-01-no-start": "une application qui ne démarre pas",
        "05-02-crash": "une application qui plante",
        "05-03-missing": "un logiciel à installer",
        "06-phone": "un problème de téléphonie",
        "06-01-desk": "un problème de téléphone fixe",
        "06-02-conference": "un problème de conférence",
        "06-03-mobile": "un problème de mobile ou de carte SIM",
        "07-files": "un problème de fichiers ou de partage",
        "07-01-share": "un dossier partagé inaccessible",
        "07-02-deleted": "un fichier supprimé",
        "07-03-rights": "un problème de droits sur un dossier",
        "08-security": "un problème de sécurité",
        "08-01-phishing": "un e-mail suspect",
        "08-02-antivirus": "une alerte d'antivirus",
        "08-03-incident": "un incident de sécurité",
    }
)

_INVALID: Mapping[str, str] = MappingProxyType(
    {
        "empty": "Je n'ai rien reçu : écrivez ce qui ne va pas, puis appuyez sur Entrée.",
        "no_text": "Je n'ai pas trouvé de mots : écrivez ce qui ne va pas, puis appuyez sur Entrée.",
        "too_long": "Votre message dépasse 100 000 caractères : raccourcissez-le, il est resté dans le champ.",
        "title_empty": "Le titre est vide : écrivez-en un, ou annulez.",
        "title_too_long": "Le titre dépasse 200 caractères : raccourcissez-le.",
        "no_contact": "Laissez un e-mail ou un numéro de téléphone, pour qu'un technicien puisse vous joindre.",
    }
)

_STORE: Mapping[str, str] = MappingProxyType(
    {
        "permission": "Guichet ne peut pas écrire sa base de données sur cet appareil.",
        "disk_full": "Le disque de cet appareil est plein : rien ne peut être enregistré.",
        "locked": "La base de données est occupée par un autre programme.",
        "damaged": "La base de données de cet appareil est endommagée.",
        "newer_schema": "La base de données vient d'une version plus récente de Guichet.",
        "mode": "La base de données est lisible par d'autres personnes : Guichet ne l'ouvre pas.",
    }
)


def error_sentence(error: GuichetError, config: Config) -> str:
    """One sentence on what went wrong and what to do next."""
    if isinstance(error, InvalidInput):
        return _(_INVALID.get(error.reason, "Ce texte ne peut pas être utilisé : changez-le et réessayez."))
    if isinstance(error, RateLimited):
        return _("Trop de demandes en peu de temps : réessayez dans {time}. Rien n'est perdu.").format(
            time=age_words(error.retry_after_s)
        ) + _phone(_(" Ou appelez le {phone}."), config)
    if isinstance(error, ConfigError):
        return f"{error.key}\u00a0: {error.problem}. {error.fix}"
    if isinstance(error, StoreUnavailable):
        cause = _(_STORE.get(error.reason, "La base de données de cet appareil ne répond pas."))
        return cause + (_phone(_(" Appelez le {phone}."), config) or _(" Prévenez le support informatique."))
    return _(
        _BY_CODE.get(
            error.code, "Quelque chose s'est mal passé : recommencez avec F9, ou demandez un technicien avec F8."
        )
    )


_BY_CODE: Mapping[str, str] = MappingProxyType(
    {
        "session_expired": "Cette demande a plus de 30 minutes : elle a expiré. Appuyez sur Entrée pour la renvoyer.",
        "session_not_found": "Cette demande n'existe plus : appuyez sur Entrée pour la renvoyer.",
        "illegal_step": "Ce n'est plus possible à cette étape : suivez ce qui est à l'écran, ou recommencez avec F9.",
        "ticket_not_found": "Ce ticket est introuvable sur cet appareil : vérifiez son numéro.",
    }
)


def _phone(sentence: str, config: Config) -> str:
    """The sentence with the helpdesk's number; nothing when the site has given none."""
    return sentence.format(phone=config.kiosk.phone) if config.kiosk.phone else ""


def category_name(code: str, categories: Sequence[Category]) -> str:
    """« Matériel — problème imprimante »: the branch and the leaf, as the site names them."""
    by_code = {category.code: category for category in categories}
    category = by_code.get(code)
    if category is None:
        return code
    parent = by_code.get(category.parent or "")
    return f"{parent.name} — {category.name}" if parent else category.name


def category_question(draft: Draft, categories: Sequence[Category]) -> str:
    """The category put as a question."""
    code = draft.subcategory or draft.category
    if code in _AS_A_THING:
        return _("Est-ce bien {thing} ?").format(thing=_(_AS_A_THING[code]))
    return _("Est-ce bien pour « {name} » ?").format(name=category_name(code, categories))


def confidence_words(draft: Draft, config: Config) -> str:
    """The confidence in words and as a figure."""
    percent = int(draft.confidence * 100 + 1e-9)
    if draft.confidence >= config.triage.auto_validate:
        return _("sûr à {n} %").format(n=percent)
    if draft.confidence >= config.triage.confirm_summary:
        return _("assez sûr, à {n} %").format(n=percent)
    return _("peu sûr, à {n} %").format(n=percent)


_FALLBACKS: Mapping[str, str] = MappingProxyType(
    {
        "timeout": "le modèle distant n'a pas répondu à temps",
        "connect": "le modèle distant est injoignable",
        "cut": "la connexion au modèle distant a été coupée",
        "tls": "le certificat du modèle distant n'est pas reconnu",
        "breaker_open": "le modèle distant est en panne",
        "rate_limited": "le modèle distant est trop sollicité",
        "http_429": "le modèle distant est trop sollicité",
        "refusal": "le modèle distant n'a pas voulu répondre",
        "budget": "le quota du modèle distant est atteint",
        "quota": "le crédit du modèle distant est épuisé",
        "auth": "le modèle distant refuse notre clé",
        "key_refused": "le modèle distant refuse notre clé",
        "no_key": "le modèle distant n'a pas de clé",
        "disabled": "le modèle distant n'est pas configuré",
        "disagreement": "le modèle distant n'était pas du même avis",
    }
)


def made_by(draft: Draft) -> str:
    """Who read the message, and why not the remote model when it should have."""
    if draft.engine != "local":
        return _("Analysé par le modèle {name}.").format(name=draft.engine_version or draft.engine)
    if draft.fallback is None:
        return _("Analysé sur cet appareil.")
    cause = _(_FALLBACKS.get(draft.fallback, "le modèle distant n'a pas donné de réponse utilisable"))
    return _("Analysé sur cet appareil : {cause}.").format(cause=cause)


_MASKED: Mapping[str, str] = MappingProxyType(
    {
        "MOT-DE-PASSE": "un mot de passe",
        "CARTE": "un numéro de carte",
        "IBAN": "un IBAN",
        "NIR": "un numéro de sécurité sociale",
    }
)


def masked_sentence(kinds: Sequence[str]) -> str:
    """What was masked before anything was stored."""
    things = [_(_MASKED.get(kind, "une donnée confidentielle")) for kind in dict.fromkeys(kinds)]
    return _("Par sécurité, j'ai masqué {things} : rien n'en est conservé.").format(things=", ".join(things))


def pause_words(cause: str) -> str:
    """Why GLPI refuses this installation, in two words; ``cause`` is a code of GLPI's list or ours."""
    code = cause.upper()
    if any(word in code for word in ("TOKEN", "LOGIN", "OAUTH", "CREDENTIALS", "AUTHORIZATION")):
        return _("jeton refusé")
    if "RIGHT" in code or "PROFILE" in code:
        return _("droits insuffisants")
    if code in ("NO_API_HERE", "ERROR_API_DISABLED", "ERROR_NOT_ALLOWED_IP", "API_VERSION_UNKNOWN"):
        return _("API fermée")
    return _("accès refusé")


def sending_words(ticket: Ticket, config: Config) -> str:
    """Where the ticket is, as the requester may rely on it."""
    if ticket.glpi_ticket_id is not None:
        return _("Transmis au support (GLPI n° {n}).").format(n=ticket.glpi_ticket_id)
    if not config.glpi.enabled:
        return _("Enregistré sur cet appareil, sera transmis quand GLPI sera configuré.")
    return _("Enregistré sur cet appareil, sera transmis.")


STATUSES: Mapping[str, str] = MappingProxyType(
    {"open": "nouveau", "in_progress": "en cours", "pending": "en attente", "resolved": "résolu", "closed": "clos"}
)
"""Words for our statuses."""


def status_words(status: str) -> str:
    """A status in words; one that we do not know as it is."""
    return _(STATUSES[status]) if status in STATUSES else status


def moment_of(at: datetime | None, zone: str) -> str | None:
    """« 22/11/2026 19:28 » in a time zone; None for no moment."""
    if at is None:
        return None
    from zoneinfo import ZoneInfo  # not needed for the first frame

    return at.astimezone(ZoneInfo(zone)).strftime("%d/%m/%Y %H:%M")


def age_words(seconds: float) -> str:
    """« 26 h », « 12 min », « 40 s »."""
    if seconds < 60:
        return _("{n} s").format(n=int(seconds))
    if seconds < 3600:
        return _("{n} min").format(n=int(seconds // 60))
    if seconds < 48 * 3600:
        return _("{n} h").format(n=int(seconds // 3600))
    return _("{n} jours").format(n=int(seconds // 86400))


def promise_words(promise: Promise, *, reachable: bool) -> str:
    """What an escalated requester may count on.

    Args:
        promise: What the engine may honestly say.
        reachable: Whether there is a way to contact the person; otherwise they present the number.
    """
    if promise.kind == "within_30_min" and reachable:
        return _("Un technicien vous contactera sous 30 minutes.")
    if promise.kind == "within_30_min":
        return _("Un technicien s'en occupe sous 30 minutes : présentez ce numéro au support.")
    if promise.kind == "from" and promise.opens_at is not None:
        when = moment_words(promise.opens_at)
        if reachable:
            return _("Le support est fermé : un technicien vous contactera à partir de {when}.").format(when=when)
        return _("Le support ouvre {when} : présentez-y ce numéro.").format(when=when)
    if promise.kind == "from":
        return _("Le support est fermé : présentez-lui ce numéro à la réouverture.")
    if promise.phone:
        return _("Enregistré ici, pas encore transmis ; appelez le {phone}.").format(phone=promise.phone)
    return _("Enregistré ici, pas encore transmis : présentez ce numéro au support.")


def moment_words(moment: datetime) -> str:
    """« lundi 23 novembre à 8 h », in the time zone it carries."""
    minutes = f" {moment.minute:02d}" if moment.minute else ""
    day, month = _(_DAYS[moment.weekday()]), _(_MONTHS[moment.month - 1])
    return _("{day} {n} {month} à {hour} h{minutes}").format(
        day=day, n=moment.day, month=month, hour=moment.hour, minutes=minutes
    )


_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
