"""
Our own drawings: things that the emoji set lacks or draws otherwise.

Everything is SVG in artwork units; each function returns the inner part and its ink box (x0, y0, x1, y1).
"""

from __future__ import annotations

Drawing = tuple[str, tuple[float, float, float, float]]


def _balloon() -> Drawing:
    gores = [(-58, -12, 12, 58, "#e8483f"), (-36, -8, 8, 36, "#ffd25a"), (-14, -4, 4, 14, "#e8483f")]
    envelope = "".join(
        f'<path d="M64 4C{64 + a} 4 {64 + a} 66 {64 + b} 88H{64 + c}C{64 + d} 66 {64 + d} 4 64 4Z" fill="{color}"/>'
        for a, b, c, d, color in gores
    )
    basket = (
        '<path d="M50 88L56 106M78 88L72 106" stroke="#6b4a2f" stroke-width="1.6"/>'
        '<path d="M52 104H76L73 122H55Z" fill="#a8743f"/><path d="M52 104H76V109H52Z" fill="#7d522a"/>'
    )
    return envelope + basket, (20, 4, 108, 122)


def _airship() -> Drawing:
    body = (
        '<path d="M196 50L226 24V44L214 56L226 68V88L196 64Z" fill="#8c2f2b"/>'
        '<ellipse cx="112" cy="56" rx="104" ry="38" fill="#d9c9a3"/>'
        '<path d="M10 50C60 34 164 34 214 50V62C164 74 60 74 10 62Z" fill="#c0473d"/>'
        '<path d="M40 28C90 14 150 16 190 34C150 24 90 22 40 34Z" fill="#fff" opacity=".4"/>'
        '<path d="M70 20V92M112 18V94M154 20V92" stroke="#000" stroke-opacity=".12" stroke-width="2"/>'
        '<path d="M84 92H140L132 110H92Z" fill="#7a5233"/><path d="M96 96H104V102H96ZM108 96H116V102H108ZM120 96H128V102H120Z"'
        ' fill="#ffe7a0"/>'
    )
    return body, (8, 18, 226, 110)


def _log_cabin() -> Drawing:
    logs = "".join(
        f'<rect x="22" y="{66 + 11 * row}" width="116" height="11" rx="5.5" fill="{"#8d5a34" if row % 2 else "#9d683e"}"/>'
        for row in range(6)
    )
    body = (
        '<path d="M104 14H120V50H104Z" fill="#7d7468"/><path d="M101 12H123V20H101Z" fill="#655d53"/>'
        '<path d="M30 70L80 24L130 70Z" fill="#84532f"/>'
        f"{logs}"
        '<path d="M80 14L152 74L144 82L80 30L16 82L8 74Z" fill="#5b3a26"/>'
        '<path d="M80 14L152 74L149 77L80 20L11 77L8 74Z" fill="#7a5138"/>'
        '<rect x="68" y="88" width="26" height="44" rx="2" fill="#5a3420"/><circle cx="89" cy="112" r="2" fill="#e8c36a"/>'
        '<path d="M34 84H58V108H34ZM104 84H128V108H104Z" fill="#ffd877" stroke="#4b2c1b" stroke-width="3.5"/>'
        '<path d="M46 84V108M34 96H58M116 84V108M104 96H128" stroke="#4b2c1b" stroke-width="2.4"/>'
        '<circle cx="80" cy="54" r="9" fill="#ffd877" stroke="#4b2c1b" stroke-width="3"/>'
        '<path d="M60 132H102V138H60Z" fill="#6b6258"/>'
    )
    return body, (8, 12, 152, 138)


def _windmill() -> Drawing:
    sails = "".join(
        f'<g transform="rotate({angle} 64 58)"><path d="M62 58L61 4H67L66 58Z" fill="#5b3a26"/>'
        '<path d="M67 8H82V46H67Z" fill="#f4ead8" stroke="#8a6a4a" stroke-width="1.5"/>'
        '<path d="M67 18H82M67 28H82M67 38H82" stroke="#8a6a4a" stroke-width="1.2"/></g>'
        for angle in (22, 112, 202, 292)
    )
    body = (
        '<path d="M46 62H82L94 150H34Z" fill="#e6d8c3"/><path d="M70 62H82L94 150H76Z" fill="#000" opacity=".1"/>'
        '<path d="M42 64C44 40 84 40 86 64Z" fill="#8c3f35"/><path d="M30 118H98V124H30Z" fill="#7a5138"/>'
        '<path d="M56 150V130C56 122 72 122 72 130V150Z" fill="#5a3420"/>'
        '<path d="M57 82H71V98H57Z" fill="#ffe2a0" stroke="#6b4a35" stroke-width="2"/>'
        f'{sails}<circle cx="64" cy="58" r="5" fill="#3f2a1c"/>'
    )
    return body, (8, 4, 120, 150)


def _eiffel_tower() -> Drawing:
    rungs = "".join(
        f'<path d="M{64 - half} {y}L{64 + half * 0.86} {y - step}M{64 + half} {y}L{64 - half * 0.86} {y - step}"'
        ' stroke="#6b5340" stroke-width="1.6"/>'
        for y, half, step in (
            *((150, 22, 11), (139, 19, 11), (128, 16.5, 11), (104, 11, 12), (92, 9, 12), (80, 7.5, 12)),
            *((68, 6.2, 12), (56, 5, 12), (44, 4, 12)),
        )
    )
    body = (
        '<path d="M61 20H67L70 60L76 108H52L58 60Z" fill="#a08263"/><path d="M63 2H65V22H63Z" fill="#7a614a"/>'
        '<path d="M52 108H76L86 150H42Z" fill="#a08263"/>'
        '<path d="M42 150H86L104 192H84C80 168 48 168 44 192H24Z" fill="#96795c"/>'
        '<path d="M64 20L70 60L76 108L86 150L104 192H94C88 160 70 110 64 20Z" fill="#000" opacity=".12"/>'
        f'{rungs}<path d="M46 106H82V112H46ZM34 148H94V155H34ZM57 38H71V42H57Z" fill="#7a614a"/>'
    )
    return body, (24, 2, 104, 192)


def _bridge() -> Drawing:
    stones = "".join(
        f'<rect x="{8 + 26 * i + (13 if row else 0)}" y="{30 + 13 * row}" width="22" height="9" rx="2" fill="#000" opacity=".07"/>'
        for row in (0, 1)
        for i in range(8)
    )
    body = (
        '<path d="M0 46C60 14 168 14 228 46V98H194C194 58 130 58 130 98H98C98 58 34 58 34 98H0Z" fill="#a39a8c"/>'
        f"{stones}"
        '<path d="M0 38C60 6 168 6 228 38V50C168 18 60 18 0 50Z" fill="#c4bbab"/>'
        '<path d="M34 98C34 58 98 58 98 98M130 98C130 58 194 58 194 98" stroke="#7f776a" stroke-width="5" fill="none"/>'
    )
    return body, (0, 14, 228, 98)


def _submarine() -> Drawing:
    body = (
        '<path d="M96 42V14H122V6H88V42Z" fill="#d99a1c"/><path d="M74 62V38C74 30 130 30 130 38V62Z" fill="#e8ad25"/>'
        '<path d="M186 62L212 40V104L186 84Z" fill="#c98a12"/><path d="M206 60H216V88H206Z" fill="#8a6a2a"/>'
        '<path d="M8 76C8 50 60 48 110 48C160 48 200 58 200 74C200 92 160 104 104 104C52 104 8 100 8 76Z" fill="#ffc93c"/>'
        '<path d="M10 84C30 98 80 96 104 96C150 96 184 92 199 78C194 94 156 104 104 104C56 104 14 100 10 84Z" fill="#000"'
        ' opacity=".14"/>'
        + "".join(
            f'<circle cx="{x}" cy="74" r="12" fill="#8a5a1c"/><circle cx="{x}" cy="74" r="8.5" fill="#bfeaf5"/>'
            f'<path d="M{x - 5} 71A6 6 0 0 1 {x + 1} 68" stroke="#fff" stroke-width="2" fill="none"/>'
            for x in (52, 92, 132)
        )
    )
    return body, (8, 6, 216, 104)


def _chess_set() -> Drawing:
    def square(column: float, row: float) -> tuple[float, float]:
        return 100 + (column - row) * 11, 34 + (column + row) * 5.5

    tiles = []
    for row in range(8):
        for column in range(8):
            corners = [square(column + a, row + b) for a, b in ((0, 0), (1, 0), (1, 1), (0, 1))]
            path = "L".join(f"{x:.1f} {y:.1f}" for x, y in corners)
            tiles.append(f'<path d="M{path}Z" fill="{"#f2e2c4" if (row + column) % 2 else "#8a5a3a"}"/>')
    men = []
    for row, column in ((0, 2), (1, 0), (1, 3), (1, 5), (3, 4), (4, 3), (6, 2), (6, 4), (6, 7), (7, 5)):
        x, y = square(column + 0.5, row + 0.5)
        color = "#2f2a2a" if row < 3 or row == 4 else "#fbf5e6"
        men.append(
            f'<path d="M{x - 5:.1f} {y + 2:.1f}C{x - 2:.1f} {y - 4:.1f} {x - 2:.1f} {y - 8:.1f} {x - 2:.1f} {y - 11:.1f}'
            f"H{x + 2:.1f}C{x + 2:.1f} {y - 8:.1f} {x + 2:.1f} {y - 4:.1f} {x + 5:.1f} {y + 2:.1f}Z"
            f'" fill="{color}" stroke="#6b4a35" stroke-width=".7"/>'
            f'<circle cx="{x:.1f}" cy="{y - 14:.1f}" r="4.2" fill="{color}" stroke="#6b4a35" stroke-width=".7"/>'
        )
    body = (
        '<path d="M92 108H108L112 150H88Z" fill="#6b4329"/><path d="M70 150H130V157H70Z" fill="#57351f"/>'
        '<path d="M4 78L100 126L196 78V87L100 136L4 87Z" fill="#57351f"/><path d="M4 78L100 30L196 78L100 126Z" fill="#6f4629"/>'
        + "".join(tiles)
        + "".join(men)
    )
    return body, (4, 20, 196, 157)


def _knight() -> Drawing:
    plate, dark = "#b9c3cd", "#7f8b98"
    body = (
        f'<path d="M44 116H62V172H44ZM66 116H84V172H66Z" fill="{plate}"/><path d="M44 140H62V146H44ZM66 140H84V146H66Z" fill="{dark}"/>'
        f'<path d="M38 168H62V182H34C34 174 36 170 38 168ZM66 168H90C92 170 94 174 94 182H66Z" fill="{dark}"/>'
        f'<path d="M46 74C34 80 28 98 26 118L38 122L50 98Z" fill="{plate}"/><circle cx="31" cy="122" r="8" fill="{dark}"/>'
        f'<path d="M82 74C94 80 98 92 100 104L90 112L78 98Z" fill="{plate}"/>'
        '<path d="M42 72H86C92 92 90 108 88 128H40C38 108 36 92 42 72Z" fill="#b5302f"/>'
        '<path d="M60 76H68V92H82V100H68V124H60V100H46V92H60Z" fill="#ffd76a"/>'
        f'<path d="M38 116H90V122H38Z" fill="#5a3420"/><path d="M32 78A12 12 0 0 1 52 72L46 92Z" fill="{dark}"/>'
        f'<path d="M96 78A12 12 0 0 0 76 72L82 92Z" fill="{dark}"/>'
        '<path d="M62 10C70 -6 96 -2 98 24C88 14 76 16 64 22Z" fill="#c8302f"/>'
        f'<path d="M38 44C38 4 90 4 90 44V66C90 78 38 78 38 66Z" fill="{plate}"/>'
        '<path d="M64 14V74" stroke="#e8eef3" stroke-width="4"/><path d="M40 42H88V50H40Z" fill="#23262d"/>'
        f'<path d="M44 58H58M70 58H84M46 65H58M70 65H82" stroke="{dark}" stroke-width="2.5"/>'
        '<path d="M108 22L112 14L116 22V104H108Z" fill="#e4eaf0"/><path d="M98 102H126V109H98Z" fill="#8a5a2a"/>'
        f'<path d="M109 108H115V124H109Z" fill="#5a3420"/><path d="M88 98L112 108" stroke="{plate}" stroke-width="11"/>'
        f'<circle cx="111" cy="112" r="7.5" fill="{dark}"/>'
    )
    return body, (22, -2, 126, 182)


OWN = {
    "hot-air-balloon": ("place", _balloon),
    "airship": ("place", _airship),
    "log-cabin": ("place", _log_cabin),
    "windmill": ("place", _windmill),
    "eiffel-tower": ("place", _eiffel_tower),
    "bridge": ("place", _bridge),
    "submarine": ("place", _submarine),
    "chess-set": ("play", _chess_set),
    "knight": ("person", _knight),
}
