"""The sentences of ``guichet doctor`` about GLPI itself; the others are in ``tui.doctor_sentences``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SYNC = "Lancez « guichet categories sync », ou complétez glpi_id dans categories.toml."
"""What to do about a missing equivalent."""

_STRIPPED = (
    'Apache : ajoutez à l\'hôte virtuel « SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1 », ou'
    " « CGIPassAuth On » dans le <Directory> de GLPI. nginx avec PHP-FPM :"
    " « fastcgi_param HTTP_AUTHORIZATION $http_authorization; ». Puis rechargez le serveur web."
)
_SWITCH_ON = (
    "GLPI 10 : Configuration > Général > API, « Activer l'API Rest » sur Oui. GLPI 11 : Configuration > Général >"
    " API, « Activer l'API REST legacy » (et « Activer l'API » pour l'API de haut niveau) sur Oui."
)

GLPI_CAUSES: Mapping[tuple[str, str], tuple[str, str | None]] = MappingProxyType(
    {
        ("glpi", "not_configured"): ("Aucun GLPI n'est configuré : les tickets restent ici.", None),
        ("glpi", "off_on_purpose"): ("Désactivé ([glpi] enabled) : les tickets restent ici.", None),
        ("", "works"): ("{url}", None),
        ("glpi_network", "works"): ("Le serveur répond.", None),
        ("glpi_tls", "works"): ("Le certificat est reconnu.", None),
        ("glpi_api", "works"): ("Elle répond.", None),
        ("glpi_address", "no_address"): ("GLPI est activé, mais sans adresse.", "Indiquez [glpi] url."),
        ("glpi_address", "not_an_address"): (
            "{url} n'est pas l'adresse d'un GLPI.",
            "Indiquez https://…/apirest.php, sans nom d'utilisateur.",
        ),
        ("glpi_address", "no_api_here"): (
            "Il n'y a pas d'API de GLPI à {url} (HTTP {status}).",
            "Indiquez l'adresse affichée dans GLPI sous Configuration > Général > API, qui finit par /apirest.php.",
        ),
        ("glpi_address", "glpi_page"): (
            "{url} mène à une page de GLPI, pas à son API.",
            "Indiquez l'adresse affichée dans GLPI sous Configuration > Général > API, qui finit par /apirest.php.",
        ),
        ("glpi_address", "not_glpi"): (
            "Un autre serveur que GLPI répond à {url}.",
            "Vérifiez le nom et le chemin de [glpi] url.",
        ),
        ("glpi_address", "redirect"): (
            "{url} renvoie ailleurs.",
            "Indiquez l'adresse définitive : souvent https:// au lieu de http://.",
        ),
        ("glpi_network", "name_not_resolved"): (
            "Le nom du serveur de {url} est inconnu.",
            "Vérifiez l'orthographe de [glpi] url et le DNS de cette machine.",
        ),
        ("glpi_network", "connection_refused"): (
            "Aucun service n'écoute à {url}.",
            "Vérifiez le port, et que le serveur web de GLPI est démarré.",
        ),
        ("glpi_network", "no_route"): (
            "Le serveur de {url} ne peut pas être joint.",
            "Vérifiez le réseau de cette machine, son VPN et le pare-feu.",
        ),
        ("glpi_network", "timeout"): (
            "Le serveur de {url} n'a pas répondu à temps.",
            "Vérifiez le réseau et le pare-feu, puis la charge du serveur.",
        ),
        ("glpi_network", "connection_lost"): (
            "La connexion à {url} a été coupée sans réponse.",
            "Vérifiez le serveur web de GLPI et ce qui est entre les deux (répartiteur, pare-feu).",
        ),
        ("glpi_network", "proxy"): (
            "Le mandataire (proxy) de cette machine ne laisse pas passer.",
            "Corrigez HTTPS_PROXY, ou ajoutez le serveur de GLPI à NO_PROXY.",
        ),
        ("glpi_tls", "expired"): ("Le certificat du serveur est périmé.", "Renouvelez-le sur le serveur de GLPI."),
        ("glpi_tls", "not_yet_valid"): (
            "Le certificat du serveur n'est pas encore valable.",
            "Mettez à l'heure l'horloge de cette machine, ou attendez.",
        ),
        ("glpi_tls", "unknown_authority"): (
            "Le certificat vient d'une autorité que cette machine ne connaît pas.",
            'Indiquez le certificat de votre autorité : [glpi] ca_file = "/chemin/autorite.pem".',
        ),
        ("glpi_tls", "wrong_name"): (
            "Le certificat est celui d'un autre nom que celui de {url}.",
            "Utilisez le nom qui est dans le certificat, ou faites-en un pour ce nom.",
        ),
        ("glpi_tls", "not_believed"): (
            "Le certificat du serveur n'est pas valable.",
            "Faites vérifier la chaîne de certificats du serveur de GLPI.",
        ),
        ("glpi_tls", "not_spoken"): (
            "Le serveur ne parle pas TLS à {url}.",
            "Vérifiez le port ; un serveur sans TLS s'écrit http://, avec [glpi] allow_plain_http.",
        ),
        ("glpi_tls", "ca_file_unusable"): (
            "Le fichier de [glpi] ca_file ({ca_file}) ne peut pas être lu.",
            "Indiquez un fichier PEM que ce compte peut lire.",
        ),
        ("glpi_api", "switched_off"): ("L'API est désactivée dans GLPI.", _SWITCH_ON),
        ("glpi_api", "address_refused"): (
            "GLPI refuse l'adresse de cette machine.",
            "Dans GLPI : Configuration > Général > API, ajoutez son adresse IPv4 ou IPv6 à un client de l'API actif.",
        ),
        ("glpi_api", "maintenance"): (
            "GLPI est en maintenance ; les tickets attendent ici.",
            "Attendez, ou quittez le mode maintenance : php bin/console maintenance:disable.",
        ),
        ("glpi_api", "database_down"): (
            "GLPI n'atteint pas sa propre base de données.",
            "Démarrez MariaDB ou MySQL, ou vérifiez config/config_db.php sur le serveur de GLPI.",
        ),
        ("glpi_api", "glpi_broken"): (
            "GLPI est en panne (HTTP {status}), souvent parce qu'il n'atteint pas sa base de données.",
            "Voyez files/_log/php-errors.log sur le serveur de GLPI, et si sa base de données est démarrée.",
        ),
        ("glpi_api", "server_error"): (
            "Le serveur répond par une erreur (HTTP {status}).",
            "Voyez le journal du serveur web de GLPI.",
        ),
        ("glpi_api", "gateway"): (
            "Le serveur web répond, mais pas GLPI derrière lui (HTTP {status}).",
            "Démarrez PHP-FPM, ou vérifiez le répartiteur de charge.",
        ),
        ("glpi_api", "guarded"): (
            "Le serveur web demande un mot de passe avant GLPI (HTTP 401).",
            "Laissez /apirest.php (ou /api.php) sans cette protection.",
        ),
        ("glpi_api", "too_many"): (
            "Un serveur devant GLPI limite nos requêtes (HTTP 429).",
            "Attendez un peu, puis faites relever cette limite pour cette machine.",
        ),
        ("glpi_api", "nonsense"): (
            "Ce qui répond à {url} ne parle pas comme GLPI ({code}, HTTP {status}).",
            "Vérifiez [glpi] url ; si elle est juste, voyez files/_log/php-errors.log sur le serveur de GLPI.",
        ),
        ("glpi_api", "version_unknown"): (
            "Aucune version connue de l'API de haut niveau n'est proposée.",
            'Utilisez [glpi] api = "legacy", ou mettez Guichet à jour.',
        ),
        ("glpi_api", "refused"): (
            "GLPI refuse de répondre ({code}).",
            "Voyez files/_log/api.log sur le serveur de GLPI.",
        ),
        ("glpi_app_token", "taken"): ("GLPI l'accepte.", None),
        ("glpi_app_token", "none_needed"): ("Aucun, et GLPI n'en demande pas.", None),
        ("glpi_app_token", "missing"): (
            "GLPI attend un jeton d'application et il n'y en a pas.",
            "Copiez-le de Configuration > Général > API > client de l'API, dans GLPI_APP_TOKEN.",
        ),
        ("glpi_app_token", "stripped"): (
            "Le jeton a été envoyé, mais n'arrive pas jusqu'à GLPI.",
            "Un serveur entre les deux retire l'en-tête App-Token : faites-le laisser passer.",
        ),
        ("glpi_app_token", "wrong"): (
            "GLPI ne connaît pas ce jeton d'application.",
            "Copiez-le de nouveau de Configuration > Général > API > client de l'API, dans GLPI_APP_TOKEN.",
        ),
        ("", "malformed"): (
            "{name} contient une espace, un retour à la ligne ou un caractère interdit.",
            "Copiez-le de nouveau, seul et entier.",
        ),
        ("glpi_login", "works"): ("{login}, profil {profile}.", None),
        ("glpi_login", "no_token"): (
            "Il n'y a ni jeton utilisateur ni identifiants OAuth.",
            "Donnez GLPI_USER_TOKEN : dans GLPI, fiche du compte de service, « Clefs d'accès distant », jeton d'API.",
        ),
        ("glpi_login", "wrong_token"): (
            "GLPI refuse le jeton utilisateur : il est faux, ou le compte est inactif.",
            "Dans GLPI, fiche du compte de service : vérifiez qu'il est actif, puis copiez le « jeton d'API » (pas le"
            " jeton personnel) dans GLPI_USER_TOKEN.",
        ),
        ("glpi_login", "wrong_password"): (
            "GLPI refuse le nom ou le mot de passe du compte, ou le compte est inactif.",
            "Corrigez GLPI_USERNAME et GLPI_PASSWORD.",
        ),
        ("glpi_login", "wrong_client"): (
            "GLPI ne connaît pas ce client OAuth, ou refuse son secret.",
            "Copiez GLPI_CLIENT_ID et GLPI_CLIENT_SECRET de Configuration > Clients OAuth.",
        ),
        ("glpi_login", "scope_missing"): (
            "Le client OAuth n'a pas la portée « api ».",
            "Dans GLPI : Configuration > Clients OAuth, ajoutez « api » et l'autorisation par mot de passe.",
        ),
        ("glpi_login", "credentials_off"): (
            "GLPI n'accepte pas de mot de passe par l'API.",
            "Utilisez un jeton utilisateur, ou autorisez-le sous Configuration > Général > API.",
        ),
        ("glpi_login", "header_stripped"): (
            "Le jeton a été envoyé, mais le serveur web retire l'en-tête Authorization avant GLPI.",
            _STRIPPED,
        ),
        ("glpi_login", "session_stripped"): (
            "La connexion réussit, mais sa session n'arrive plus jusqu'à GLPI.",
            "Un serveur entre les deux retire l'en-tête Session-Token : faites-le laisser passer.",
        ),
        ("glpi_login", "refused"): (
            "La connexion a échoué ({code}).",
            "Voyez files/_log/api.log sur le serveur de GLPI.",
        ),
        ("glpi_transport", "configured"): ("{api}, comme configuré.", None),
        ("glpi_transport", "both"): ("{api} : les deux répondent, l'API héritée sait faire plus.", None),
        ("glpi_transport", "highlevel_off"): ("{api} : c'est la seule qui réponde.", None),
        ("glpi_transport", "highlevel_unsure"): ("{api} : l'autre n'a pas répondu clairement.", None),
        ("glpi_transport", "legacy_off"): ("{api} : l'API héritée est désactivée ou absente.", None),
        ("glpi_transport", "legacy_refuses"): (
            "{api} : l'API héritée refuse nos jetons.",
            'Corrigez GLPI_APP_TOKEN et GLPI_USER_TOKEN, ou choisissez [glpi] api = "highlevel".',
        ),
        ("glpi_transport", "legacy_silent"): ("{api} : l'API héritée n'a pas répondu clairement.", None),
        ("glpi_transport", "no_user_token"): ("{api} : il n'y a des identifiants que pour elle.", None),
        ("glpi_transport", "no_credentials"): ("{api} : il n'y a des jetons que pour elle.", None),
        ("glpi_transport", "wrong_address"): ("{api}.", None),
        ("glpi_transport", "unreachable"): ("{api} : aucune n'a répondu clairement cette fois.", None),
        ("glpi_transport", "neither"): ("{api}.", None),
        ("glpi_version", "proven"): ("{version}, éprouvée contre un vrai serveur.", None),
        ("glpi_version", "unproven"): ("{version} : d'après ses sources, non éprouvé.", None),
        ("glpi_version", "unknown"): (
            "{version} : plus récente que Guichet ne connaît.",
            "Mettez Guichet à jour, ou essayez d'abord sur un GLPI de test.",
        ),
        ("glpi_version", "too_old"): ("{version} : trop ancienne.", "Passez à GLPI 10.0 ou plus."),
        ("glpi_clock", "agrees"): ("À l'heure ({seconds} s d'écart).", None),
        ("glpi_clock", "differs"): (
            "Elle est {side} de {seconds} s sur celle de cette machine.",
            "Mettez les deux machines à l'heure (NTP).",
        ),
        ("glpi_clock", "wrong"): (
            "Elle est {side} de {seconds} s sur celle de cette machine : dates et conflits seraient faux.",
            "Mettez les deux machines à l'heure (NTP).",
        ),
        ("glpi_clock", "not_told"): ("GLPI ne donne pas son heure.", None),
        ("glpi_zone", "found"): ("UTC{offset}, mesuré sur un ticket.", None),
        ("glpi_zone", "no_ticket_yet"): ("Pas encore de ticket lisible pour le mesurer.", None),
        ("glpi_entity", "visible"): ("Entité {entity} ; {count} entité(s) visible(s).", None),
        ("glpi_entity", "not_recursive"): (
            "Entité {entity}, sans ses sous-entités : un ticket déplacé plus bas sera perdu de vue.",
            "Dans GLPI, habilitations du compte : rendez le profil récursif.",
        ),
        ("glpi_entity", "hidden"): (
            "L'entité {entity} existe, mais le compte ne la voit pas.",
            "Dans GLPI, donnez-lui une habilitation sur cette entité, ou changez [glpi] entity.",
        ),
        ("glpi_entity", "unknown"): (
            "L'entité {entity} n'existe pas dans GLPI.",
            "Corrigez [glpi] entity : c'est le numéro affiché sous Administration > Entités.",
        ),
        ("", "known"): ("Le numéro {id} existe.", None),
        ("glpi_source", "unknown"): (
            "La source {id} n'existe pas dans GLPI.",
            "Corrigez [glpi] source : Configuration > Intitulés > Sources de la demande.",
        ),
        ("glpi_group", "unknown"): (
            "Le groupe {id} n'existe pas dans GLPI.",
            "Corrigez [glpi] escalation_group : Administration > Groupes.",
        ),
        ("glpi_templates", "fit"): ("Aucun que Guichet ne remplisse pas.", None),
        ("glpi_templates", "lacking"): (
            "Le gabarit exige aussi : {fields}. GLPI 10 et 11 ne l'imposent pas à l'API, mais un technicien devra les"
            " remplir et un greffon peut refuser.",
            "Rendez ces champs facultatifs dans le gabarit de ces tickets (Assistance > Gabarits de tickets).",
        ),
        ("glpi_templates", "no_right"): ("Le profil {profile} ne peut pas lire les gabarits.", None),
        ("", "legacy_only"): ("Seule l'API héritée permet de le vérifier.", None),
        ("glpi_categories", "fit"): ("Les {count} catégories choisies existent et conviennent.", None),
        ("glpi_categories", "gone"): ("N'existent plus, ou ne sont pas visibles : {names}.", SYNC),
        ("glpi_categories", "no_incident"): (
            "Refusent les incidents : {names}.",
            "Cochez « Visible pour un incident » dans la catégorie de GLPI, ou choisissez-en une autre.",
        ),
        ("glpi_categories", "no_request"): (
            "Refusent les demandes : {names}.",
            "Cochez « Visible pour une demande » dans la catégorie de GLPI, ou choisissez-en une autre.",
        ),
        ("glpi_categories", "hidden"): (
            "Invisibles dans l'interface simplifiée : {names}.",
            "Cochez « Visible dans l'interface simplifiée » si les demandeurs doivent les voir.",
        ),
        ("glpi_categories", "unreadable"): ("La liste de GLPI ne peut pas être lue.", None),
        ("glpi_categories", "nothing_mapped"): ("Aucune n'est encore choisie.", None),
    }
)
"""(check, cause) to (sentence, remedy); a check that is "" is any."""
