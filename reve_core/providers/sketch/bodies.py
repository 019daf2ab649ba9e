"""
Bodies for what the emoji set draws as a head: sitting animals, standing and riding people, busts for portraits.

Everything is in artwork units; each function returns the inner SVG and its ink box (x0, y0, x1, y1).
"""

from __future__ import annotations

from dataclasses import dataclass

from reve_core.providers.sketch.drawings import Drawing


@dataclass(frozen=True, slots=True)
class Coat:
    """An animal's colours, as hex: fur, belly, paws; and its tail: ``stub``, ``brush``, ``tuft`` or ``mane``."""

    fur: str
    belly: str
    paws: str
    tail: str = "stub"
    dark_arms: bool = False


COATS = {
    "fox": Coat("#ff6011", "#fff1e0", "#3c3a3a", "brush", dark_arms=True),
    "bear": Coat("#7a4f3a", "#b98a6a", "#5b3a2a"),
    "panda": Coat("#f5f5f5", "#ffffff", "#2d2d2d", dark_arms=True),
    "polar-bear": Coat("#f2f6fa", "#ffffff", "#dbe6ee"),
    "lion": Coat("#f2a93b", "#ffd98a", "#d98a25", "tuft"),
    "wolf": Coat("#8f9599", "#dfe3e6", "#6b7175", "brush"),
    "koala": Coat("#8d9aa3", "#dfe6ea", "#76828a"),
    "hamster": Coat("#f3b27a", "#fff0e0", "#f7c9a0"),
    "frog": Coat("#a7cf1f", "#e3f29a", "#8cb015"),
    "unicorn": Coat("#f2f2f7", "#ffffff", "#d9b8ff", "mane"),
    "moose": Coat("#7d4a36", "#a9745c", "#4b2c20", dark_arms=True),
    "boar": Coat("#6d4c41", "#8d6e63", "#4e342e"),
}

# Clothes of those whom the emoji set draws down to the neck or the shoulders.
CLOTHES = {
    "astronaut": "#e9edf2",
    "mage": "#6b74c9",
    "woman-mage": "#7a4fa8",
    "ninja": "#2c2f36",
    "detective": "#7a5a43",
    "cook": "#ffffff",
    "farmer": "#5b86c4",
    "princess": "#e0569b",
    "prince": "#4c6fd0",
    "person-with-crown": "#b3263a",
    "guard": "#c8202f",
    "santa-claus": "#d5202c",
    "woman": "#c9517a",
    "man": "#3f7fc4",
    "boy": "#2fa39a",
    "girl": "#f2a03d",
    "child": "#5aa84f",
    "old-man": "#7d7468",
    "old-woman": "#9a6aa0",
    "person": "#3f8f8a",
    "elf": "#3f8f5a",
    "robot": "#9fb4c2",
    "alien": "#7f8fa8",
    "vampire": "#37243f",
    "pilot": "#2f4468",
    "police-officer": "#2b4a8c",
    "firefighter": "#b5482a",
    "scientist": "#f4f6f8",
    "artist": "#4a8f6a",
    "singer": "#a03fb0",
    "student": "#38507a",
    "construction-worker": "#f08a24",
    "teacher": "#6a8a4a",
    "judge": "#2f2f3a",
    "health-worker": "#f4f6f8",
    "mechanic": "#2f55a4",
    "clown-face": "#e84a5f",
    "skull": "#2c2f36",
    "baby": "#8fc7e8",
    "woman-red-hair": "#5a14ff",
    "woman-curly-hair": "#5a14ff",
    "woman-blond-hair": "#5a14ff",
    "woman-white-hair": "#5a14ff",
    "man-red-hair": "#00a38b",
    "man-curly-hair": "#00a38b",
    "man-white-hair": "#00a38b",
    "man-beard": "#b23c32",
    "person-in-tuxedo": "#26272e",
    "woman-with-veil": "#f7f2f4",
    "woman-with-headscarf": "#5a14ff",
    "person-wearing-turban": "#e8e4da",
}
TROUSERS = "#3a3f4b"
SKIRTS = frozenset({"princess", "woman-with-veil", "woman-mage", "mage", "old-woman", "judge", "person-with-crown"})

_TAILS = {
    "stub": '<circle cx="92" cy="132" r="8" fill="{paws}"/>',
    "brush": (
        '<path d="M84 140C132 146 146 96 120 66C116 88 104 102 82 112Z" fill="{fur}"/>'
        '<path d="M128 100C134 84 130 74 120 66C117 80 112 88 105 95C112 104 120 104 128 100Z" fill="{belly}"/>'
    ),
    "tuft": (
        '<path d="M86 140C112 144 124 126 120 104" stroke="{fur}" stroke-width="7" fill="none"/>'
        '<circle cx="120" cy="102" r="9" fill="{paws}"/>'
    ),
    "mane": (
        '<path d="M84 138C120 144 132 112 116 88C114 108 100 116 82 118Z" fill="#b98cf0"/>'
        '<path d="M84 134C108 136 118 116 114 100" stroke="#ff9ecb" stroke-width="5" fill="none"/>'
    ),
}


def sitting(head: str, coat: Coat) -> Drawing:
    """A sitting body under an animal's head (``head`` is drawn in a 128-unit square)."""
    arm = coat.paws if coat.dark_arms else coat.fur
    tail = _TAILS[coat.tail].format(fur=coat.fur, belly=coat.belly, paws=coat.paws)
    body = (
        f'{tail}<path d="M34 152C20 150 26 104 44 82H84C102 104 108 150 94 152Z" fill="{coat.fur}"/>'
        f'<path d="M46 100C52 88 76 88 82 100C86 120 78 134 64 134C50 134 42 120 46 100Z" fill="{coat.belly}"/>'
        f'<ellipse cx="36" cy="146" rx="16" ry="9" fill="{arm}"/><ellipse cx="92" cy="146" rx="16" ry="9" fill="{arm}"/>'
        f'<path d="M47 108C44 124 45 140 46 152H62V112ZM81 108C84 124 83 140 82 152H66V112Z" fill="{arm}"/>'
        '<path d="M44 92C52 102 76 102 84 92L80 84H48Z" fill="#000" opacity=".16"/>'
        f'<g transform="translate(13 -4) scale(.8)">{head}</g>'
    )
    return body, (12, 0, 116 if coat.tail == "stub" else 138, 154)


def _limbs(name: str, cloth: str, skin: str, *, riding: bool) -> str:
    suited = name in ("astronaut", "robot")
    leg = cloth if suited else TROUSERS
    shoe = "#7b8794" if suited else "#20232b"
    hand = "#8a97a5" if suited else skin
    if riding:
        legs = (
            f'<path d="M46 118L40 150C38 160 44 166 52 164L64 160L62 120Z" fill="{leg}"/>'
            f'<path d="M44 148L36 176H58L60 158Z" fill="{leg}"/>'
            f'<path d="M34 172H60V184H28C27 178 30 174 34 172Z" fill="{shoe}"/>'
        )
    else:
        legs = (
            f'<path d="M46 116H63V172H46ZM65 116H82V172H65Z" fill="{leg}"/>'
            f'<path d="M40 168H63V182H36C35 174 37 170 40 168ZM65 168H88C91 170 93 174 92 182H65Z" fill="{shoe}"/>'
        )
        if name in SKIRTS:
            legs += f'<path d="M46 108H82L98 176C80 184 48 184 30 176Z" fill="{cloth}"/>'
            legs += (
                '<path d="M54 120L46 178M64 120V181M74 120L82 178" stroke="#000" stroke-opacity=".1" stroke-width="3"/>'
            )
    arms = (
        f'<path d="M48 78C36 84 30 100 26 118L36 122L50 100ZM80 78C92 84 98 100 102 118L92 122L78 100Z" fill="{cloth}"/>'
        f'<circle cx="30" cy="122" r="8" fill="{hand}"/><circle cx="98" cy="122" r="8" fill="{hand}"/>'
    )
    return legs + arms


def standing(name: str, head: str, skin: str, *, riding: bool = False) -> Drawing:
    """A standing (or, seen from the side, riding) body under a person's head or bust."""
    cloth = CLOTHES[name]
    pack = '<rect x="32" y="70" width="64" height="52" rx="12" fill="#aab4c0"/>' if name == "astronaut" else ""
    if name == "astronaut":
        chest = (
            '<rect x="53" y="92" width="22" height="15" rx="3" fill="#5f7f9f"/><circle cx="58" cy="99" r="2.5" fill="#ff5c5c"/>'
            '<circle cx="65" cy="99" r="2.5" fill="#ffd24d"/><path d="M44 116H84V122H44Z" fill="#c3ccd6"/>'
        )
    else:
        chest = '<path d="M44 112H84V118H44Z" fill="#000" opacity=".22"/>'
    body = (
        f"{pack}{_limbs(name, cloth, skin, riding=riding)}"
        f'<path d="M46 74H82C88 90 86 108 84 124H44C42 108 40 90 46 74Z" fill="{cloth}"/>{chest}'
        f'<g transform="translate(22 0) scale(.655)">{head}</g>'
    )
    return body, (20, 0, 108, 184)


def bust(name: str, head: str, skin: str) -> Drawing:
    """Head and shoulders for a portrait; the box ends at the chest, where the frame cuts it."""
    coat = COATS.get(name)
    cloth = coat.fur if coat else CLOTHES.get(name, "#55607a")
    front = coat.belly if coat else skin
    body = (
        f'<path d="M-14 186C-14 138 20 124 46 118H82C108 124 142 138 142 186Z" fill="{cloth}"/>'
        f'<path d="M46 106H82V122C82 140 46 140 46 122Z" fill="{front}"/>'
        '<path d="M46 116C54 130 74 130 82 116V122C76 136 52 136 46 122Z" fill="#000" opacity=".16"/>'
        '<path d="M12 150L16 186M116 150L112 186" stroke="#000" stroke-opacity=".14" stroke-width="3"/>'
        f"{head}"
    )
    return body, (-14, 0, 142, 172)
