"""The ways people give a password or a secret code, as patterns: what they call it, how they say it, what follows.

Over folded text with plain spaces; ``value`` is what may be the secret, judged in ``engine.spoken_secrets``. Every
pattern is bounded, so that finding is linear in the text.
"""

from __future__ import annotations

import re
from enum import Enum


class Sure(Enum):
    """How surely a form announces a secret, and so what the value must look like."""

    CERTAIN = "certain"
    """In a place where nothing else can stand: anything."""
    SAID = "said"
    """After a colon or the like: any word that does not usually stand there, several words too."""
    TOLD = "told"
    """After « c'est », « est »: such a word, if the clause ends with it."""
    LIKELY = "likely"
    """Beside the cue only: what looks like a password."""
    DIGITS = "digits"
    """After a code that may be anything: what looks so and has digits."""


# --- what people call it ------------------------------------------------------------------------------------------

_BEGIN, _BEGIN_CODE, _END = r"(?<![\w\[/-])", r"(?<![\w\[-])", r"(?![\w-])"
_MOT_DE_PASSE = r"(?:mots?|mo|mto)[ -]?(?:d[ -]?e?|2|du)?[ -]?(?:p[aq]s(?:s+e?s?|es?)|psse|apsse|pass?r?d)"
_PHRASE = r"(?:pass ?phrase|phrase (?:de |secrete)?passe|phrase secrete)"
_PASSWORD = (
    rf"(?:{_MOT_DE_PASSE}|mdps?|mpd|mdpp|m\.d\.p\.?|passw?o?r?ds?|pas+words?|passwd|pwd|pswd|psw|pass|passcode|pw"
    rf"|{_PHRASE})"
)
_KIND = (
    r"(?: (?:perso|personnel|pro|professionnel|provisoire|temporaire|initial|par defaut|habituel|local|commun|general"
    r"|d'origine|precedent|tape|utilise|actuel|nouveau|ancien|admin"
    r"|administrateur|root|invites?|session|windows|wifi|wi-fi|outlook|boite|mail|e-mail|messagerie|gmail|office|teams"
    r"|vpn|sap|zoom|citrix|pc|ordi|reseau|ad|ldap|intranet|ent|bios|de (?:session|connexion|messagerie|secours)"
    r"|(?:de|du) (?:wifi|pc)| ?\([a-z' -]{1,20}\))){0,2}"
)
_KEY = (
    r"cles? (?:wifi|wi-fi|wpa[23]?|wep|reseau|api|privee|secrete|bitlocker|de (?:securite|recuperation|chiffrement)"
    r"(?: (?:wifi|wi-fi|reseau|bitlocker))?|du (?:wifi|wi-fi))|wpa2?|api ?key|(?:recovery|bitlocker) key|token|jeton"
)
_SECRET_CODE = (
    rf"(?:codes? (?:pin|puk|nip|secret|confidentiel|perso(?:nnel)?|d'acces|acces|wifi|wi-fi|windows|(?:de )?session|sms"
    r"|(?:de )?(?:de)?verrouillage|d'alarme|alarme|(?:de la |de |du )?(?:porte|portail|portier|coffre|alarme|parking"
    r"|immeuble|digicode)|(?:du |de )?badge|(?:du |de mon |de )?(?:telephone|portable|gsm|wifi)|messagerie|vocal"
    r"|de (?:la )?messagerie|authenticator|mfa|2fa|otp|de (?:verification|validation|connexion|securite|secours)"
    r"|d'(?:authentification|activation|identification|impression)|recu|parental|sim|(?:de (?:la |ma )?)?sim"
    r"|a usage unique|temporaire|(?:du |de )?(?:photo)?copieur|de (?:la |ma )?carte(?: bleue| bancaire)?|de deblocage)"
    rf"|digicode|pin|puk|nip|otp|question secrete,? reponse|reponse (?:secrete|a la question secrete)|{_KEY})"
)
LOGIN = r"(?:login|logins|identifiants?|user(?:name)?|utilisateur|nom d'utilisateur|id|compte)"

# --- how it is said -----------------------------------------------------------------------------------------------

_NO_DETAIL = r"(?:(?:est|c'est|cest|ne|pas|et|ou|que|qui|mais|a(?! \w+er\b))\b|n'|oubli|expir|perdu|refus|bloqu)"
_DETAIL = rf"(?: \([a-z' -]{{1,20}}\)|(?: {{1,3}}(?!{_NO_DETAIL})[a-z0-9][a-z'0-9.-]{{0,20}}){{0,5}}?)"
_THAT = r"(?:,? (?:que|qu'on|qu'il|dont)(?: [a-z'-]{1,15}){1,5}?)?"
_COLON = r"[\"']? {0,3}(?:[-=>]{1,2}>|[:=]{1,2}|→|»|>)(?:\s{0,3}c'est)?\s{0,4}"
_COPULA = (
    r",? {1,3}(?:c'est|c est|cest|c'etait|cetait|ces|ct|ce|est|is|was|etait|sera|serait|devient|devrait etre|doit etre"
    r"|reste|a ete|c)(?: ?:)? {1,3}"
)
_AS_FOLLOWS = r"(?: (?:est|c'est|sera|etait) (?:le suivant|la suivante|celui-ci|celui ci|ceci))"
_NO_LONGER = r" n'?(?:est|etait) (?:pas|plus) "
_STILL = (
    r"(?:(?:donc|toujours|bien|maintenant|desormais|actuellement|encore|normalement|pourtant|juste|simplement|aussi"
    r"|le suivant|egale? a|le|la|un|still|now) {0,2}:? {1,2}){0,3}"
)
_VALUE = (
    r"(?P<value>«[^»\n]{1,60}»|\"[^\"\n]{1,60}\"|“[^”\n]{1,60}”|`[^`\n]{1,60}`|'[^'\n]{1,60}'(?!\w)"
    r"|\d{2,4}(?: \d{2,4}){1,3}(?![\w.,/-])|\S{1,80})"
)
_QUOTED = r"(?P<value>\"[^\n\"]{3,60}\"|«[^\n»]{3,60}»)"
_ODD = r"(?=\S{0,30}[\d@#$%&*+_!?=])"
_AFTER = r"(?: {1,2}- {1,2}| {0,2}\n {0,2}|[,/;](?=\S)|,? {1,3})"
_WHO = r"(?!(?:et|ou|ok|est|sont|avec|sans|puis|mais)\b)[\w.@\\-]{1,40}"
_MY = r"(?:mon |le |ma |notre |son |ton |votre |un |mes |ce )?(?:nouveau |ancien |bon |vrai )?"
_AS = (
    r"(?:comme|en tant que|en guise de|en|est mon|c'est mon|est le|c'est le|c'est notre|est notre|\(|: ?mon|as|is my"
    r"|pour)"
)
_TRIED = (
    r"(?:j'ai (?:mis|tape|essaye|saisi|entre|rentre|choisi|pris|utilise)|j'avais mis|je (?:tape|mets|saisis|rentre)"
    r"|j'utilise|mettez(?:[- ]moi)?|mettre|mets|mis|utilise[rz]?|tape[rz]?|avec)"
)
_GOES_WRONG = r"(?:ne|n'|est|ca|et|mais|marche|fonctionne|passe|refuse|il|qui|que)\b"
_DEVICE = r"(?:telephone|tel|portable|mobile|gsm|sim|iphone|samsung|tablette|ipad|pc|ordi)"
_CHANGED = r"(?:change|remis|remet|remise?|mis|mettre|reinitialise|modifie)\w{0,3}"
_RECEIVED = r"(?:recu|recois|recoit|envoye|sms|mfa|authentification|validation|verification)(?: [a-z'-]{1,15}){0,3}?"
_OTHER_ONE = r"(?:l'ancien|ancien|le nouveau|nouveau|le precedent|precedent|l'actuel|actuel|l'autre|le bon|la nouvelle)"
_FIRST_OR_LATER = rf"(?:c'etait|c'est|etait|{_TRIED})(?: aussi| bien| avec| donc)? "


def _forms(*forms: tuple[str, Sure]) -> tuple[tuple[re.Pattern[str], Sure], ...]:
    return tuple((re.compile(pattern), sure) for pattern, sure in forms)


FORMS = _forms(
    # « mdp : … », « le mot de passe de ma session est … », « voici mon mdp … », « mdp … »
    (rf"{_BEGIN}(?:{_PASSWORD}|passe){_END}{_DETAIL}{_THAT}{_AS_FOLLOWS}?,?{_COLON}{_VALUE}", Sure.SAID),
    (rf"{_BEGIN}{_PASSWORD}{_END}{_DETAIL}{_THAT}{_COPULA}{_VALUE}", Sure.TOLD),
    (rf"{_BEGIN}{_PASSWORD}{_END}{_DETAIL}{_THAT}{_COPULA}{_STILL}{_VALUE}", Sure.LIKELY),
    (rf"{_BEGIN}{_PASSWORD}{_END}{_DETAIL}{_NO_LONGER}{_VALUE}", Sure.LIKELY),
    (rf"{_BEGIN}{_PASSWORD}{_END}(?: [a-z'-]{{1,15}}){{0,3}} ?\({_ODD}{_VALUE}", Sure.LIKELY),
    (rf"{_BEGIN}(?:mon|le|ce|notre|son|avec) {_MY}{_PASSWORD} {_VALUE}(?= {_GOES_WRONG})", Sure.TOLD),
    (rf"{_BEGIN}{_PASSWORD}{_END}{_DETAIL} (?:commence|debute|finit|termine|se termine) par {_VALUE}", Sure.LIKELY),
    (rf"{_BEGIN}(?:j'ai|je) [a-z]{{3,9}}(?: avec)? {_ODD}{_VALUE}[^.\n]{{1,30}} {_PASSWORD}\b", Sure.LIKELY),
    (rf"{_BEGIN}(?:comme|en|pour|dans|du) {_MY}{_PASSWORD},? {_TRIED} {_VALUE}", Sure.TOLD),
    (rf"{_BEGIN}(?:comme|en|pour|dans|du) {_MY}{_PASSWORD},? (?:j'ai|on a|c'est) {_VALUE}", Sure.LIKELY),
    (rf"{_BEGIN}(?:voici|voila|tiens) {_MY}{_PASSWORD}{_KIND} {_VALUE}", Sure.TOLD),
    (rf"{_BEGIN}{_PASSWORD}{_END}{_KIND}{_AFTER}{_VALUE}", Sure.LIKELY),
    (rf"{_BEGIN}{_PASSWORD}{_END}{_KIND} (?:que|qu'on)(?: [a-z'-]{{1,15}}){{1,5}}?{_AFTER}{_ODD}{_VALUE}", Sure.LIKELY),
    (rf"{_CHANGED} {_MY}{_PASSWORD}{_DETAIL} (?:en|par|a|pour|avec) {_VALUE}", Sure.LIKELY),
    (rf"{_BEGIN}{_PHRASE}(?:{_COLON}|{_COPULA}){_QUOTED}", Sure.CERTAIN),
    (rf"{_BEGIN}{_PHRASE}{_COLON}(?P<value>[^\n.;,]{{3,60}})", Sure.SAID),
    # « code wifi : … », « mon code pin est … », « puk … », « j'ai reçu le code … »
    (rf"{_BEGIN_CODE}{_SECRET_CODE}{_END}{_DETAIL},?{_COLON}{_VALUE}", Sure.SAID),
    (rf"{_BEGIN}(?!pin|puk|nip|otp){_SECRET_CODE}{_END}{_DETAIL}{_COPULA}{_VALUE}", Sure.TOLD),
    (rf"{_BEGIN_CODE}{_SECRET_CODE}{_END}{_DETAIL}{_THAT}{_COPULA}{_STILL}{_VALUE}", Sure.DIGITS),
    (rf"{_BEGIN_CODE}{_SECRET_CODE}{_END}{_KIND}{_AFTER}{_VALUE}", Sure.DIGITS),
    (rf"{_BEGIN_CODE}{_SECRET_CODE} (?:de |du |de mon |mon )?{_DEVICE} (?P<value>\d{{4,8}})\b", Sure.DIGITS),
    (rf"{_BEGIN}{_RECEIVED} codes? (?P<value>\d{{4,8}})\b", Sure.DIGITS),
    (r"\bcodes? (?P<value>\d{4,8}) (?:par|recu|du|dans le) (?:par )?(?:sms|mail|message|telephone)\b", Sure.DIGITS),
    (
        rf"{_BEGIN}(?:cvv2?|cvc2?|crypto(?:gramme)?)(?: visuel)?{_END}[ :=]{{0,4}}(?:est |c'est )?"
        r"(?P<value>\d{3,4})\b",
        Sure.CERTAIN,
    ),
    # « … comme mot de passe », « c'est … mon mdp »
    (rf"(?<!\S){_VALUE},? {{1,3}}{_AS} {{0,3}}{_MY}{_PASSWORD}\b", Sure.LIKELY),
    (rf"(?<!\S){_ODD}{_VALUE}(?: [a-z'-]{{1,12}}){{1,3}} (?:comme|en) {_MY}{_PASSWORD}\b", Sure.LIKELY),
    (rf"{_TRIED} {_VALUE} {_AS} {_MY}{_PASSWORD}\b", Sure.TOLD),
    (rf"{_BEGIN}(?:c'est|c etait|c'etait|et) {_ODD}{_VALUE},? (?:mon|le|notre) {_PASSWORD}\b", Sure.LIKELY),
    (rf"(?<!\S){_VALUE},? {{1,3}}{_AS} {_MY}{_SECRET_CODE}\b", Sure.DIGITS),
    # « login jean / … », « jean:…@ », « /user:jean … »
    (rf"{_BEGIN}{LOGIN} {{0,2}}[:=]? {{0,2}}{_WHO}[ ,;/]{{1,4}}(?:et |puis )?{_PASSWORD} {{1,3}}{_VALUE}", Sure.SAID),
    (
        rf"{_BEGIN}{LOGIN} ?(?:[/&+-]|et) ?{_PASSWORD} {{0,2}}[:=]? {{0,2}}{_WHO} ?(?:[/|,;:]|et) ?{_VALUE}",
        Sure.SAID,
    ),
    (
        rf"{_BEGIN}(?:{LOGIN}|mes codes|(?:mes |codes d')acces|connect\w{{1,4}} avec|connexion avec)"
        rf"[^\n:=]{{0,15}}[:=]? {{0,3}}{_WHO} ?[/|] ?"
        r"(?P<value>[^\s]{3,80})",
        Sure.SAID,
    ),
    (rf"(?<!\S){_WHO} ?/ ?{_VALUE}[^.\n]{{0,25}} (?:comme|en) (?:login|identifiants?)\b", Sure.LIKELY),
    (rf"{_BEGIN}identifiants? (?:sont|est|c'est|:) {_WHO} (?:et|/) {_VALUE}", Sure.LIKELY),
    (r"(?<!\w)[a-z]{2,10}://[^\s/:@]{1,64}:(?P<value>[^\s/@]{1,64})@", Sure.CERTAIN),
    (r"(?<!\S)/u(?:ser)?:\S{1,60} (?P<value>[^\s/]\S{2,60})", Sure.LIKELY),
    (r"(?<!\S)(?:--?|/)(?:password|passwd|pwd|pass)[:= ](?P<value>\S{2,60})", Sure.LIKELY),
)
"""Ways of giving a password or a secret code, each with how sure it is."""

PLAIN_CODE = re.compile(
    rf"{_BEGIN}(?P<whose>mon |ton |son |notre |votre )?codes?\b{_DETAIL}{_THAT}(?:,?{_COLON}|{_COPULA}){_VALUE}"
)
"""« code : … », which may be anything."""

CUE = re.compile(rf"{_BEGIN}{_PASSWORD}{_END}")
LATER = re.compile(rf"{_BEGIN}(?:{_OTHER_ONE}(?:{_COLON}|{_COPULA}| {_ODD})|{_FIRST_OR_LATER}){_VALUE}")
"""A value told after a password was spoken of: « mot de passe oublié, l'ancien était … »."""

ANNOUNCED = re.compile(rf"{_BEGIN}{_PASSWORD}{_END}(?P<meanwhile>[^\n:=;>]{{1,40}}){_COLON}{_ODD}{_VALUE}")
"""« mdp oublié puis retrouvé : … »."""

DESCRIBED = re.compile(
    rf"{_BEGIN}{_PASSWORD}{_END}{_DETAIL}(?:{_COLON}|{_COPULA})"
    rf"(?P<between>(?:[a-z'-]{{1,15}},? {{1,2}}){{2,7}}){_VALUE}"
)
"""« mon mdp c'est le nom de mon chien, … »."""

NEXT = re.compile(
    r" {0,2}(?:,|;|/)?\s{0,2}(?:ou|et|puis|ou alors|or|/|,|ni|mais)\s{1,3}(?:meme |aussi |avec |encore )?"
    r"(?P<value>[^\s]{4,80})"
)
"""A second or third try."""
