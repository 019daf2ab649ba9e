"""Prompt to ``Brief``. Plain word matching, longest phrase first: what is not in the list is said to be unknown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from reve_core.providers.sketch.brief import Brief, Setting, Subject
from reve_core.providers.sketch.vocabulary import (
    LONGEST_PHRASE,
    UNCHANGING,
    Vocabulary,
    normalise,
    singulars,
    traits,
    vocabulary,
)

MAX_SUBJECTS = 5
MAX_COUNT = 7
MAX_TEXTS = 3
MAX_TEXT_CHARS = 60
MAX_UNKNOWN = 12
MAX_TOKENS = 900  # 4000 characters of ordinary prose; the rest of a longer prompt changes nothing

_QUOTED = re.compile(r'["“”„«»]([^"“”„«»]{1,400})["“”„«»]|(?<![\w])[\'‘]([^\'‘’\n]{2,80})[\'’](?![\w])')
_SAYS = re.compile(r"\b(?:says?|saying|reads|titled|the words?) ((?:[A-Z0-9][\w!&'-]*)(?: [A-Z0-9&][\w!&'-]*){0,4})")
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[,.;:!?()\n]|[\U0001f000-\U0001faff\u2600-\u27bf]")
_BREAKS = frozenset(",.;:!?()\n")
_ARTICLES = frozenset({"a", "an", "the", "his", "her", "my", "their", "one"})
_NOT_THE_FRUIT = frozenset({"and", "or", "in", "on", "at", ",", ".", "with", "by"})

# Which scene wins when a prompt names several, and which ones go together without loss.
_RANK = {"island": 3, "logo": 3, "card": 3, "underwater": 3, "space": 3, "mars": 3, "moon": 3}
_WEAK = frozenset({"sea", "meadow", "studio", "clouds", "abstract", "portrait"})
# The scenes that paint each touch; "tropical" and "moon" only colour what is painted anyway.
_SKIES = frozenset({"forest", "mountains", "beach", "sea", "city", "desert", "meadow", "mars", "clouds"})
_TOUCHES = {
    "flowers": frozenset({"meadow"}),
    "rainbow": _SKIES,
    "aurora": _SKIES,
    "autumn": frozenset({"forest", "mountains", "meadow"}),
    "lake": frozenset({"mountains"}),
    "confetti": frozenset({"card"}),
}
_COMPATIBLE = {
    "beach": {"sea", "clouds"},
    "sea": {"beach", "clouds"},
    "mountains": {"meadow", "forest", "clouds"},
    "forest": {"mountains", "meadow", "clouds"},
    "meadow": {"mountains", "forest", "clouds"},
    "underwater": {"sea"},
    "city": {"clouds"},
    "desert": {"clouds"},
    "room": {"studio"},
    "island": {"sea"},
    "card": {"studio"},
    "studio": {"room"},
    "mars": {"space", "desert"},
    "moon": {"space", "desert"},
    "space": {"clouds"},
}


@dataclass(slots=True)
class _Reading:
    """What has been gathered while walking over the tokens."""

    subjects: list[Subject] = field(default_factory=list)
    scenes: list[tuple[str, str]] = field(default_factory=list)  # scene, word
    times: list[str] = field(default_factory=list)
    weather: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    extras: set[str] = field(default_factory=set)
    colors: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    spare: list[str] = field(default_factory=list)
    # since the last subject or break
    color: str | None = None
    count: int | None = None
    size: float = 1.0
    has_article: bool = False
    relation: str | None = None

    def end_of_phrase(self) -> None:
        self.color, self.count, self.size, self.has_article = None, None, 1.0, False


def parse(prompt: str) -> Brief:
    """Never raises for any string. The same prompt always gives the same brief."""
    texts = find_texts(prompt)
    bare = _SAYS.sub(" ", _QUOTED.sub(" ", prompt))
    tokens = _TOKEN.findall(normalise(bare))[:MAX_TOKENS]
    reading = _Reading()
    words = vocabulary()
    position = 0
    while position < len(tokens):
        position += _take(tokens, position, reading, words)
    return _conclude(prompt, texts, reading)


def find_texts(prompt: str) -> list[str]:
    """The lettering a prompt asks for: quoted words, or capitalised ones after "says"."""
    found = [(first or second).strip() for first, second in _QUOTED.findall(prompt)]
    found += [match.strip() for match in _SAYS.findall(_QUOTED.sub(" ", prompt))]
    return [" ".join(text.split()) for text in found if any(char.isalnum() for char in text)]


def _take(tokens: list[str], at: int, reading: _Reading, words: Vocabulary) -> int:
    """Understand the longest phrase that begins at ``at``; returns how many tokens it took."""
    token = tokens[at]
    if token in _BREAKS:
        reading.end_of_phrase()
        reading.relation = None
        return 1
    if token == "couple" and at + 1 < len(tokens) and tokens[at + 1] == "of":
        reading.count = 2
        return 2
    for length in range(min(LONGEST_PHRASE, len(tokens) - at), 0, -1):
        phrase = tokens[at : at + length]
        for last in singulars(phrase[-1]):
            found = words.meanings.get(" ".join([*phrase[:-1], last]))
            if found is None:
                continue
            if length == 1 and last in words.articled and not _is_noun(last, reading):
                continue
            is_plural = last != phrase[-1] or (phrase[-1] in UNCHANGING and reading.count is None and at == 0)
            _understand(" ".join(phrase), found, reading, is_plural=is_plural)
            return length
    if token in ("orange", "oranges") and _is_the_fruit(tokens, at):
        _understand(token, (("subject", "tangerine"),), reading, is_plural=token == "oranges")
        return 1
    _single(token, reading, words)
    return 1


def _is_noun(word: str, reading: _Reading) -> bool:
    return reading.has_article or reading.count is not None or reading.color is not None


def _is_the_fruit(tokens: list[str], at: int) -> bool:
    return tokens[at] == "oranges" or at + 1 == len(tokens) or tokens[at + 1] in _NOT_THE_FRUIT


def _single(token: str, reading: _Reading, words: Vocabulary) -> None:
    """A word that names no drawing, scene or the like: an adjective, a number, a filler, or unknown."""
    if token in words.colors:
        reading.color = token
        reading.colors.append(token)
    elif token in words.counts:
        reading.count = words.counts[token]
    elif token.isdecimal():
        reading.count = min(MAX_COUNT, int(token)) if len(token) < 4 and int(token) > 0 else None
    elif token in words.sizes:
        reading.size = words.sizes[token]
    elif token in _ARTICLES:
        reading.end_of_phrase()
        reading.has_article = True
    elif token not in words.quiet and not _says_nothing(token) and token not in reading.unknown:
        reading.unknown.append(token)


def _says_nothing(token: str) -> bool:
    """Short words of Latin script, adverbs and bare numbers; in scripts without blanks every run of text counts."""
    return token.isascii() and (len(token) < 3 or token.endswith("ly") or not token.isalpha())


def _understand(phrase: str, found: tuple[tuple[str, str], ...], reading: _Reading, *, is_plural: bool) -> None:
    kinds = dict(reversed(found))
    if "misleading" in kinds:
        reading.unknown.append(phrase)
        reading.end_of_phrase()
        return
    if "group" in kinds:
        for art in kinds["group"].split():
            _add_subject(art, art.replace("-", " "), reading, is_plural=False)
        return
    if "subject" in kinds and "scene" not in kinds:
        _add_subject(kinds["subject"], phrase, reading, is_plural=is_plural)
        return
    for kind, value in found:
        if kind == "scene":
            if reading.relation == "over" and reading.subjects:
                reading.subjects[-1] = replace(reading.subjects[-1], is_aloft=True)
            reading.scenes.append((value, phrase))
            # What follows belongs to the scene, not to the thing before it: "a fox in a forest holding …" is rare.
            reading.relation = None
        elif kind == "time":
            reading.times.append(value)
        elif kind == "weather":
            reading.weather.append(value)
        elif kind == "style" and value not in reading.styles:
            reading.styles.append(value)
        elif kind == "extra":
            reading.extras.add(value)
        elif kind == "relation":
            # "with" and "and" are weak: they do not undo "riding" in "riding along with".
            reading.relation = value if value != "beside" or reading.relation is None else reading.relation
            reading.end_of_phrase()


def _add_subject(art: str, phrase: str, reading: _Reading, *, is_plural: bool) -> None:
    color = reading.color
    if color and (color in traits().natural.get(art, ()) or color in phrase.split() or color in art.split("-")):
        color = None
    count = min(MAX_COUNT, reading.count or (3 if is_plural else 1))
    words = " ".join(filter(None, [reading.color if reading.color not in phrase.split() else None, phrase]))
    subject = Subject(
        art=art,
        words=words,
        color=color,
        count=count,
        size=reading.size,
        relation=_relation(art, reading),
    )
    reading.end_of_phrase()
    reading.relation = None
    if any(known.art == art and known.color == color for known in reading.subjects):
        return
    if len(reading.subjects) == MAX_SUBJECTS:
        reading.spare.append(words)
        return
    reading.subjects.append(subject)


def _relation(art: str, reading: _Reading) -> str | None:
    if not reading.subjects or reading.relation == "beside":
        return None
    roles = traits().roles
    is_worn = art in roles["headwear"] | roles["eyewear"] | roles["neckwear"]
    return "wear" if reading.relation == "hold" and is_worn else reading.relation  # "a snowman with a scarf"


def _conclude(prompt: str, texts: list[str], reading: _Reading) -> Brief:
    scenes = [(scene, word) for scene, word in reading.scenes if scene != "portrait"]
    is_portrait = len(scenes) < len(reading.scenes)
    named = max(scenes, key=lambda item: _RANK.get(item[0], 1 - (item[0] in _WEAK)))[0] if scenes else None
    if named == "mountains" and any(scene == "sea" for scene, _ in scenes):
        reading.extras.add("lake")
        scenes = [(scene, word) for scene, word in scenes if scene != "sea"]
    ignored = [word for scene, word in scenes if scene != named and scene not in _COMPATIBLE.get(named or "", ())]
    subjects = _fit_to_scene(reading, named)
    if named in ("logo", "card") and not subjects:
        emblem = next((word for _, word in scenes if word in vocabulary().emblems), None)
        if emblem is not None:
            subjects = [Subject(art=vocabulary().emblems[emblem], words=emblem)]
            ignored.remove(emblem)
    weather = reading.weather[0] if reading.weather else None
    if named == "sea" and subjects and not _is_at_home_on_water(subjects[0]):
        named = "beach"  # nobody stands on the open sea
    scene = named or _default_scene(reading, subjects, texts, is_portrait=is_portrait)
    if weather is None and not scenes and subjects and traits().home.get(subjects[0].art) == "snow":
        weather = "snow"
    missed = [extra for extra in sorted(reading.extras) if scene not in _TOUCHES.get(extra, (scene,))]
    if any(subject.art == "bouquet" for subject in subjects):
        missed = [extra for extra in missed if extra != "flowers"]  # they are the subject
    setting = Setting(
        scene=scene,
        time=_time(reading, scene, weather),
        weather=weather,
        styles=tuple(reading.styles[:3]),
        colors=tuple(dict.fromkeys(reading.colors))[:3],
        extras=frozenset(
            reading.extras.difference(_TOUCHES) | {e for e in reading.extras if scene in _TOUCHES.get(e, ())}
        ),
    )
    long_texts = [text for text in texts if len(text) > MAX_TEXT_CHARS]
    short_texts = [text for text in texts if len(text) <= MAX_TEXT_CHARS]
    unknown = [*reading.unknown, *ignored, *missed]
    return Brief(
        prompt=prompt,
        setting=setting,
        subjects=tuple(subjects),
        texts=tuple(short_texts[:MAX_TEXTS]),
        unknown=tuple(dict.fromkeys(unknown)),
        is_scene_named=named is not None,
        is_portrait=is_portrait and bool(subjects),
        spare=(*reading.spare, *(f'"{text[:24]}…"' for text in long_texts), *short_texts[MAX_TEXTS:]),
    )


def _is_at_home_on_water(subject: Subject) -> bool:
    places = traits().places
    return subject.is_aloft or subject.art in places["water"] | places["sky"] or subject.art in ("lighthouse", "bridge")


def _fit_to_scene(reading: _Reading, scene: str | None) -> list[Subject]:
    """A meadow grows its own flowers, a reef its own coral, a birthday brings a cake."""
    subjects = list(reading.subjects)
    if scene == "underwater" and len(subjects) > 1:
        subjects = [subject for subject in subjects if subject.art != "coral"]
    if scene == "card" and not subjects and "confetti" in reading.extras:
        subjects = [Subject(art="birthday-cake", words="birthday cake")]
    if scene is None and not subjects and "flowers" in reading.extras:
        subjects = [Subject(art="bouquet", words="flowers")]
    return subjects


def _default_scene(reading: _Reading, subjects: list[Subject], texts: list[str], *, is_portrait: bool) -> str:
    if is_portrait and subjects:
        return "backdrop"
    if not subjects:
        if reading.times or reading.weather or reading.extras - {"confetti", "tropical"}:
            return "mountains"
        return "abstract" if not texts else "backdrop" if "neon" in reading.styles else "card"
    from reve_core.providers.sketch.art import kind

    if any(subject.art == "canoe" for subject in subjects):
        return "sea"
    art = subjects[0].art
    home = traits().home.get(art)
    if home == "snow":
        return "meadow"
    if home == "clouds" and (reading.weather or len(subjects) > 1):
        return "meadow"
    return home or ("studio" if kind(art) in ("food", "object", "play") else "meadow")


def _time(reading: _Reading, scene: str, weather: str | None) -> str:
    asked = reading.times[0] if reading.times else None
    if weather == "storm":
        return asked if asked in ("night", "dusk") else "storm"
    if asked is not None:
        return asked
    if scene == "space" or ("neon" in reading.styles and scene not in ("studio", "room", "logo", "card")):
        return "night"
    return "overcast" if weather in ("fog", "rain") else "day"
