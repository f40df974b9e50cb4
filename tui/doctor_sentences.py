"""The sentences of ``guichet doctor``: titles, causes and remedies. A cause with a remedy wants something done."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tui.doctor_sentences_glpi import GLPI_CAUSES, SYNC

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "configuration": "Configuration",
        "database": "Base de données",
        "secrets": "Secrets",
        "model": "Modèle de langage",
        "device_code": "Code de l'appareil",
        "webhook_secret": "Secret du webhook",
        "categories": "Correspondance des catégories",
        "outbox": "Envois en attente",
        "read_budget": "Budget de lecture",
        "glpi": "GLPI",
        "glpi_address": "Adresse de GLPI",
        "glpi_network": "Réseau vers GLPI",
        "glpi_tls": "Certificat TLS",
        "glpi_api": "API de GLPI",
        "glpi_app_token": "Jeton d'application",
        "glpi_login": "Connexion du compte",
        "glpi_transport": "API utilisée",
        "glpi_version": "Version de GLPI",
        "glpi_clock": "Horloge de GLPI",
        "glpi_zone": "Fuseau horaire de GLPI",
        "right_create_ticket": "Droit de créer un ticket",
        "right_update_ticket": "Droit de modifier un ticket",
        "right_delete_ticket": "Droit de mettre à la corbeille",
        "right_see_all_tickets": "Droit de voir tous les tickets",
        "right_private_followup": "Droit d'ajouter un suivi privé",
        "right_read_categories": "Droit de lire les catégories",
        "right_read_users": "Droit de rechercher un utilisateur",
        "glpi_entity": "Entité",
        "glpi_source": "Source de la demande",
        "glpi_group": "Groupe d'escalade",
        "glpi_templates": "Champs obligatoires du gabarit",
        "glpi_categories": "Catégories dans GLPI",
    }
)

_TICKETS = "Dans GLPI : Administration > Profils > {profile} > Assistance > Tickets, cochez "
_OTHERS = " (profil par défaut du compte : {profile} ; ses autres profils : {others})"

RIGHT_GIVEN = "Le profil {profile} a ce droit."
RIGHT_NOT_TOLD = "Cette API ne dit pas si le profil a ce droit."
RIGHT_MISSING = "Le profil {profile} n'a pas ce droit."

RIGHTS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "right_create_ticket": ("", f"{_TICKETS}« Créer »{_OTHERS}.", "Aucun ticket ne peut partir."),
        "right_update_ticket": (
            "",
            f"{_TICKETS}« Modifier » (GLPI 11 : « Mettre à jour »){_OTHERS}.",
            "Les changements faits ici n'iront pas dans GLPI.",
        ),
        "right_delete_ticket": (
            "",
            "",
            "Le profil {profile} ne l'a pas, et peut s'en passer : un doublon est lié à l'original au lieu d'aller à la"
            " corbeille.",
        ),
        "right_see_all_tickets": (
            "",
            f"{_TICKETS}« Voir tous les tickets »{_OTHERS}.",
            "Un ticket déplacé par une règle serait perdu de vue, et pourrait être créé deux fois.",
        ),
        "right_private_followup": (
            "",
            "Dans GLPI : Administration > Profils > {profile} > Assistance > Suivis, cochez « Voir les privés » et"
            f" « Ajouter à tous les tickets »{_OTHERS}.",
            "L'analyse ne peut pas être jointe au ticket.",
        ),
        "right_read_categories": (
            "",
            "Dans GLPI : Administration > Profils > {profile} > Configuration > Catégories ITIL, cochez « Lecture »"
            f"{_OTHERS}. Le profil Technician d'origine ne l'a pas.",
            "Les catégories ne peuvent être ni proposées ni relues.",
        ),
        "right_read_users": (
            "",
            "Dans GLPI : Administration > Profils > {profile} > Administration > Utilisateurs, cochez « Lecture »"
            f"{_OTHERS}.",
            "Le demandeur ne peut pas être retrouvé par son adresse.",
        ),
    }
)
"""For each right: nothing, where to give it, and what is missing without it."""


CAUSES: Mapping[tuple[str, str], tuple[str, str | None]] = MappingProxyType(
    {
        ("configuration", "file"): ("Lue dans {path}.", None),
        ("configuration", "defaults"): ("Aucun fichier kiosk.toml : valeurs par défaut et environnement.", None),
        ("database", "open"): ("{path} (droits {mode}, schéma {schema}, {free_mb} Mo libres).", None),
        ("database", "little_room"): ("{path} : il ne reste que {free_mb} Mo.", "Libérez de la place sur ce disque."),
        ("database", "not_yet"): ("{path} n'existe pas encore ; le premier ticket la créera.", None),
        ("database", "no_home"): (
            "Aucun dossier personnel où ranger la base de données.",
            "Indiquez son chemin : [database] path, ou GUICHET_DATABASE.",
        ),
        ("database", "permission"): (
            "{path} ne peut pas être ouvert ou écrit.",
            "Rendez ce chemin à son propriétaire.",
        ),
        ("database", "mode"): (
            "D'autres personnes peuvent lire ou modifier {path}.",
            "Rendez-le privé : chmod go-rwx {path}, ou configurez [database] group.",
        ),
        ("database", "disk_full"): ("Le disque de {path} est plein.", "Libérez de la place sur ce disque."),
        ("database", "damaged"): ("{path} n'est pas une base de données lisible.", "Restaurez une sauvegarde."),
        ("database", "newer_schema"): (
            "{path} vient d'une version plus récente de Guichet.",
            "Installez cette version, ou restaurez une sauvegarde.",
        ),
        ("database", "locked"): (
            "{path} est occupée par un autre programme.",
            "Fermez ce programme, puis recommencez.",
        ),
        ("database", "no_group"): (
            "Le groupe de [database] group n'existe pas sur cette machine.",
            "Créez ce groupe, ou corrigez le réglage.",
        ),
        ("secrets", "found"): ("Trouvés : {names}.", None),
        ("secrets", "none"): ("Aucun secret n'est enregistré.", None),
        ("secrets", "unusable"): (
            "Inutilisables : {names}.",
            "Copiez-les de nouveau, sans espace ni retour à la ligne, dans un endroit que vous seul pouvez lire.",
        ),
        ("model", "local_only"): ("Analyse sur cet appareil seulement, comme configuré.", None),
        ("model", "not_configured"): ("Aucun : l'analyse se fait sur cet appareil.", None),
        ("model", "no_key"): (
            '[triage] engine = "openai", mais il n\'y a pas de clé.',
            'Donnez OPENAI_API_KEY, ou choisissez engine = "auto".',
        ),
        ("model", "configured"): ("{model} sur {url} ; non appelé (--model pour l'essayer).", None),
        ("model", "answers"): ("{model} sur {url} a répondu en {ms} ms.", None),
        ("model", "silent"): (
            "{model} sur {url} n'a pas répondu comme il faut ({why}) ; l'analyse locale le remplace.",
            "Vérifiez [openai] base_url et model, la clé et le réseau.",
        ),
        ("device_code", "set"): ("{code}", None),
        ("device_code", "missing"): (
            "Aucun code : deux appareils pourraient donner le même numéro de ticket.",
            'Donnez à chacun le sien : [kiosk] device_code = "K07".',
        ),
        ("webhook_secret", "set"): ("Présent : « guichet webhook » peut recevoir les nouvelles de GLPI.", None),
        ("webhook_secret", "missing"): ("Aucun : les nouvelles de GLPI sont lues toutes les {minutes} min.", None),
        ("categories", "valid"): ("{of} catégories.", None),
        ("categories", "mapped"): ("Les {of} catégories ont leur équivalent dans GLPI.", None),
        ("categories", "none_mapped"): ("Aucune catégorie n'a d'équivalent dans GLPI.", SYNC),
        ("categories", "unmapped"): ("Sans équivalent dans GLPI : {names}.", SYNC),
        ("categories", "unusable"): ("{path} : {problem}.", "Corrigez ce fichier, ou retirez-le."),
        ("outbox", "no_database"): ("Rien n'est encore enregistré ici.", None),
        ("read_budget", "no_database"): ("Rien n'a encore été lu.", None),
        ("outbox", "empty"): ("Rien n'attend.", None),
        ("outbox", "waiting"): ("{count} ticket(s) en attente, le plus ancien depuis {minutes} min.", None),
        ("outbox", "late"): (
            "{count} ticket(s) en attente, le plus ancien depuis {minutes} min.",
            "Corrigez les fautes ci-dessous, puis lancez « guichet sync --once ».",
        ),
        ("outbox", "stopped"): (
            "{stopped} envoi(s) refusé(s) ou en conflit ; {count} ticket(s) en attente.",
            "Voyez « guichet outbox », puis retry, edit ou discard.",
        ),
        ("read_budget", "left"): ("{used} lecture(s) sur {of} dans l'heure passée.", None),
        ("read_budget", "spent"): (
            "{used} lecture(s) sur {of} dans l'heure passée : les nouvelles de GLPI attendent.",
            "Augmentez [glpi] read_budget_per_hour, ou installez le webhook.",
        ),
        **GLPI_CAUSES,
    }
)
"""(check, cause) to (sentence, remedy); a check that is "" is any."""
