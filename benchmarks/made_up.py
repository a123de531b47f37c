"""Personal data of nobody, drawn at random, as people write them."""

from __future__ import annotations

import random
import re
import string

from core.studies.health.personal import mod97


def word(rng: random.Random, least: int = 4, most: int = 9) -> str:
    """Letters as if by chance."""
    return "".join(rng.choices(string.ascii_lowercase, k=rng.randint(least, most)))


def digits(rng: random.Random, n: int) -> str:
    """Digits, the first no 0."""
    return str(rng.randint(10 ** (n - 1), 10**n - 1))


def mail(rng: random.Random) -> str:
    """An address of mail."""
    joint, end = rng.choice((".", "_", "", "+")), rng.choice(("com", "de", "co.uk", "es", "cn"))
    return f"{word(rng)}{joint}{word(rng)}@{word(rng)}.{end}"


def telephone(rng: random.Random) -> str:
    """A telephone number as it is written in one of several countries."""
    frames = ("+49 ## #### ####", "(###) ###-####", "###-###-####", "+34 ### ### ###", "+86 1## #### ####",
              "0### ### ####", "+1##########", "0##/#### ###")  # fmt: skip
    return re.sub("#", lambda _: rng.choice("123456789"), rng.choice(frames))


def card(rng: random.Random) -> str:
    """16 digits that pass Luhn's test."""
    plain = f"4{digits(rng, 14)}"
    total = sum(d - 9 * (d > 9) for d in (int(c) * (2 - i % 2) for i, c in enumerate(reversed(plain))))
    whole = f"{plain}{-total % 10}"
    return rng.choice((" ", "-", "")).join(whole[i : i + 4] for i in range(0, 16, 4))


def account(rng: random.Random) -> str:
    """A German or Dutch account number whose remainder is 1."""
    country, own = rng.choice((("DE", digits(rng, 18)), ("NL", f"ABNA{digits(rng, 10)}")))
    whole = f"{country}{98 - mod97(f'{country}00{own}'):02d}{own}"
    return rng.choice((whole, " ".join(whole[i : i + 4] for i in range(0, len(whole), 4))))


def machine(rng: random.Random) -> str:
    """An address of the public internet."""
    return ".".join(str(rng.randint(11, 99)) for _ in range(4))


def key(rng: random.Random) -> str:
    """A key with a known prefix."""
    letters = "".join(rng.choices(string.ascii_letters + string.digits, k=36))
    return rng.choice((f"ghp_{letters}", f"sk-{letters}", f"hf_{letters}", f"AKIA{letters[:16].upper()}"))


MAKERS = (mail, telephone, card, account, machine, key)
