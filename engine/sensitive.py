"""Where the numbers that must not be kept stand in a text: cards, IBAN, social-security numbers; phones and e-mails.

Finders only: what becomes of a hit is the business of ``engine.masking``; passwords and names, which need words
rather than sums, are in ``engine.spoken_secrets``. Every pattern is bounded, so a finder is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from engine.text import fold


class Hit(NamedTuple):
    """A stretch of text to replace: code points ``start`` (inclusive) to ``end`` (exclusive)."""

    start: int
    end: int
    kind: str


_SEP = r"[ \t\n\u00a0\u202f.\-_/]{0,3}"
_DIGITS = re.compile(rf"\d(?:{_SEP}\d)*")
_GROUP = re.compile(r"\d+")
_CARD_CUE = re.compile(r"\b(?:cb|carte (?!sim)|carte$|visa|mastercard|amex|american express|numero de carte)")
_NOT_CARD_CUE = re.compile(r"\b(?:imei|iccid|siret|sim|serie|s/n|sn|n° de serie|serial|commande|suivi|colis)\b")
_CUE_REACH = 40
_MOST_DIGITS = 19
_CARD_GROUPINGS = ([4, 4, 4, 4], [4, 6, 5], [4, 6, 4], [4, 4, 4, 4, 3], [8, 8])

_NIR = re.compile(
    rf"(?<!\d)(?=([1-478](?:{_SEP}\d){{4}}{_SEP}(?:\d{_SEP}\d|2{_SEP}[ab])(?:{_SEP}\d){{6}})"
    rf"((?:{_SEP}|[^\w\n]{{0,3}}cle[^\w\n]{{0,3}}| ?\( ?)\d{_SEP}\d)?(?!\d))"
)
_NIR_CUE = re.compile(
    r"\b(?:secu|securite sociale|secu sociale|n\.?i\.?r|nss|ss|carte vitale|vitale|insee|assuree?|ameli|cpam)\b"
)

_IBAN = re.compile(r"(?<!\d)[a-z]{2}[ \t\u00a0\u202f.\-_/]{0,2}\d{2}(?=[ \t\n\u00a0\u202f.\-_/]{0,2}[a-z0-9])")
# Source: SWIFT IBAN registry, length by country.
_IBAN_DIGITS = 10
"""Fewer digits than any bank uses: « il fait 14 degrés dans… » is no IBAN of Italy."""
_IBAN_LENGTHS = {
    code: length
    for length, codes in {
        15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ DZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GF GP IT MC MQ MR NC PF "
        "PM RE SM TF WF YT", 28: "AL AZ BF BJ BY CI CM CV CY DO GT HN HU LB MA MG ML MZ NE NI PL SN SV TD TG",
        29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for code in codes.split()
}  # fmt: skip

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_NUMBERS = re.compile(r"[+(]{0,2}\d(?:[ .\-/()\u00a0\u202f]{0,3}\d)*")
_LONGEST_PHONE_LIST = 300
_PHONE = re.compile(
    r"(?<![\w.+-])(?!\d{1,2}[ ./\-]\d{1,2}[ ./\-](?:19|20)\d\d(?!\d))(?:"
    r"(?:\+|00)\d{1,3}[ .\-\u00a0\u202f]?(?:\(0\)[ .]?)?\d{1,4}(?:[ .\-/\u00a0\u202f]?\d{2,4}){2,5}"  # international
    r"|0[1-9](?:[ .\-/\u00a0\u202f]?\d){8}"  # France, in any groups
    r"|0\d{1,3}[ ./\-]\d{2,3}(?:[ .]?\d{2}){2}"  # Belgium, Switzerland
    r"|0[5-7]\d{2}[ .\-]?\d{2}[ .\-]?\d{2}[ .\-]?\d{2}"  # Maghreb
    r"|(?:1[ .\-])?\(?[2-9]\d{2}\)?[ .\-]\d{3}[ .\-]\d{4}"  # Québec
    r")(?!\w|[ .\-]\d)"
)


def cards(text: str) -> Iterator[Hit]:
    """Card numbers: 13 to 19 digits with a valid Luhn sum, in the groupings of cards, or any beside a cue."""
    folded = fold(text)
    for chain in _DIGITS.finditer(folded):
        if chain.end() - chain.start() < 13:
            continue
        groups = [match.span() for match in _GROUP.finditer(text, *chain.span())]
        before = folded[max(0, chain.start() - _CUE_REACH) : chain.start()]
        cue = bool(_CARD_CUE.search(before))
        doubtful = bool(_NOT_CARD_CUE.search(before))
        first = 0
        while first < len(groups):
            last = _card_end(text, groups, first, cue, doubtful)
            if last is None:
                first += 1
                continue
            yield Hit(groups[first][0], groups[last][1], "CARTE")
            first = last + 1


def _card_end(text: str, groups: list[tuple[int, int]], first: int, cue: bool, doubtful: bool) -> int | None:
    """Index of the last group of the card that begins at group ``first``, or None."""
    size = groups[first][1] - groups[first][0]
    if not cue and size < 4 and (first > 0 or len(groups) > _MOST_DIGITS):
        return None
    number, sizes, found = "", [], None
    for index in range(first, min(first + _MOST_DIGITS, len(groups))):
        start, end = groups[index]
        number += text[start:end] if end - start <= _MOST_DIGITS else "0" * 20
        sizes.append(end - start)
        if len(number) > _MOST_DIGITS:
            break
        whole = first == 0 and index == len(groups) - 1
        if len(number) >= 13 and _is_card(number, sizes, cue, doubtful, whole):
            found = index
    return found


def _is_card(number: str, sizes: list[int], cue: bool, doubtful: bool, whole: bool) -> bool:
    """Whether these digits, typed in groups of these sizes, are a card number."""
    if not (cue or (not doubtful and _has_card_shape(number, sizes, whole))):
        return False
    return len(set(number)) > 1 and _luhn(number)


def _has_card_shape(number: str, sizes: list[int], whole: bool) -> bool:
    """Whether cards are grouped so, or the grouping is regular and the digits begin like a card's."""
    if sizes in _CARD_GROUPINGS:
        return True
    regular = len(sizes) == 1 or set(sizes[:-1]) == {4} or (whole and (len(set(sizes[:-1])) == 1 or min(sizes) >= 3))
    return regular and _has_card_prefix("".join(str(int(digit)) for digit in number))


def _has_card_prefix(digits: str) -> bool:
    """Whether a network issues numbers that begin and measure so. Source: ISO/IEC 7812 ranges in use."""
    size = len(digits)
    if size == 16:
        return digits[0] in "23456"
    if size == 15:
        return digits[:2] in ("34", "37") or digits[:4] in ("2131", "1800")
    if size == 14:
        return digits[:2] in ("30", "36", "38", "39")
    return digits[0] in "456"


def _luhn(number: str) -> bool:
    """The check sum of ISO/IEC 7812."""
    total = 0
    for index, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + index % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def social_security(text: str) -> Iterator[Hit]:
    """French social-security numbers (NIR) with a valid key, Corsica included; beside a cue also without it."""
    folded = fold(text)
    for match in _NIR.finditer(folded):
        body = re.sub(r"[^\dab]", "", match[1])
        key = re.sub(r"\D", "", match[2] or "")
        if not _plausible_month(body):
            continue
        cue = _NIR_CUE.search(folded[max(0, match.start() - _CUE_REACH) : match.start()])
        if cue or (key and _nir_key(body) == int(key)):
            yield Hit(match.start(1), match.end(2) if key else match.end(1), "NIR")


def _plausible_month(body: str) -> bool:
    """Months 01-12, and the codes for people whose month is unknown (20-42, 50-99)."""
    month = int(body[3:5])
    return 1 <= month <= 12 or 20 <= month <= 42 or 50 <= month <= 99


def _nir_key(body: str) -> int:
    """The key of a NIR; 2A counts as 19 and 2B as 18. Source: INSEE."""
    return 97 - int(body.replace("2a", "19").replace("2b", "18")) % 97


def ibans(text: str) -> Iterator[Hit]:
    """IBAN of any country of the registry, with a valid check sum, spaces and case as people type them."""
    folded = fold(text)
    for match in _IBAN.finditer(folded):
        country = re.sub(r"[^a-z]", "", match[0]).upper()
        wanted = _IBAN_LENGTHS.get(country, 0)
        end, value = match.start(), ""
        while len(value) < wanted and end < len(folded) and end - match.start() < 90:
            char = folded[end]
            if char.isascii() and char.isalnum():
                value += char
            elif char not in " \t\n\u00a0\u202f.-_/":
                break
            end += 1
        if wanted and len(value) == wanted and sum(map(str.isdigit, value)) >= _IBAN_DIGITS and _mod97(value) == 1:
            yield Hit(match.start(), end, "IBAN")


def _mod97(iban: str) -> int:
    """ISO 7064 mod 97 of an IBAN; 1 is valid."""
    return int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97


def emails(text: str) -> Iterator[Hit]:
    """E-mail addresses."""
    return (Hit(*match.span(), "EMAIL") for match in _EMAIL.finditer(text))


def phones(text: str) -> Iterator[Hit]:
    """Phone numbers as written in France, Belgium, Switzerland, Québec, the Maghreb, and with a country code."""
    for chain in _NUMBERS.finditer(text):
        if chain.end() - chain.start() <= _LONGEST_PHONE_LIST:
            yield from (Hit(*match.span(), "TEL") for match in _PHONE.finditer(text, *chain.span()))
