"""
Where everything stands: rows, groups, riders on mounts, hats on heads.

All boxes are fractions of the picture; they may reach over its edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from reve_core.providers.sketch import art
from reve_core.providers.sketch.brief import Brief, Subject
from reve_core.providers.sketch.canvas import generator
from reve_core.providers.sketch.vocabulary import traits

# Where things stand, from the top.
FLOOR = {"studio": 0.82, "room": 0.9, "island": 0.66, "city": 0.93, "sea": 0.8, "card": 0.93}
FLOATING = frozenset({"space", "clouds", "underwater"})
MARGIN = 0.05
# How wide a group of one, two, three ... stands, in widths of one.
_GROUP_WIDTH = (1.0, 2.1, 2.5, 2.9, 3.2)


@dataclass(frozen=True, slots=True)
class Box:
    """A box in fractions of the picture; may reach over its edge."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def middle(self) -> float:
        return (self.x0 + self.x1) / 2

    @staticmethod
    def standing(middle: float, bottom: float, width: float, height: float) -> Box:
        return Box(middle - width / 2, bottom - height, middle + width / 2, bottom)


@dataclass(slots=True)
class Placed:
    """A drawing in its place; ``depth`` orders the painting, far to near."""

    subject: Subject
    box: Box
    pose: str = "plain"
    flip: bool | None = None
    depth: float = 0.0


class Placer:
    """Places the subjects of one brief. All boxes are fractions; ``ratio`` is the picture's width over its height."""

    def __init__(self, brief: Brief, seed: int, ratio: float, horizon: float) -> None:
        self.brief, self.ratio, self.horizon = brief, ratio, horizon
        self.scene = brief.setting.scene
        self.rng = generator("layout", brief.prompt, seed)
        self.placed: list[Placed] = []

    def place(self) -> list[Placed]:
        subjects = self.brief.subjects
        if self.brief.is_portrait:
            self._portrait(subjects[0])
            free = [subject for subject in subjects[1:] if subject.relation not in ("wear", "hold")]
            attached = [subject for subject in subjects[1:] if subject.relation in ("wear", "hold")]
            self._row(free, aloft=False, height=0.3)
        else:
            free, attached = self._split()
            aloft = [subject for subject in free if self._is_aloft(subject)]
            ground = [subject for subject in free if not self._is_aloft(subject)]
            both = bool(aloft and ground)
            self._row(aloft, aloft=True, height=0.32 if both else 0.46)
            self._row(ground, aloft=False, height=(0.4 if both else 0.56) * (0.86 if self.brief.texts else 1))
        for subject in attached:
            self._attach(subject)
        return self.placed

    # ------------------------------------------------------------ who stands free

    def _split(self) -> tuple[list[Subject], list[Subject]]:
        """Those with a place of their own, and those whose place hangs on another's."""
        free: list[Subject] = []
        attached: list[Subject] = []
        for index, subject in enumerate(self.brief.subjects):
            if index and self._hangs_on(subject, self.brief.subjects[index - 1]):
                attached.append(subject)
            else:
                if index and subject.relation == "over" and free:
                    free[-1] = _raised(free[-1])
                free.append(subject)
        return free, attached

    def _hangs_on(self, subject: Subject, before: Subject) -> bool:
        roles = traits().roles
        if subject.relation == "on":
            return before.count == 1 and self.scene != "logo"
        if subject.relation == "wear":
            return subject.art in roles["headwear"] | roles["eyewear"] | roles["neckwear"]
        if subject.relation == "in":
            return subject.art in roles["container"] and before.count == 1
        if subject.relation == "under":
            return subject.art in roles["shelter"]
        return subject.relation == "hold" and art.kind(subject.art) not in ("animal", "person", "place", "face")

    def _is_aloft(self, subject: Subject) -> bool:
        if self.scene in ("room", "studio", "island", "logo", "card", "backdrop", *FLOATING):
            return False
        if subject.art in traits().places["drawn_to_the_ground"]:
            return False
        return subject.is_aloft or subject.art in traits().places["sky"]

    # ------------------------------------------------------------ rows

    def _scale(self, subject: Subject, biggest: float) -> float:
        scale = traits().scale.get(subject.art, 1.0)
        alone = len(self.brief.subjects) == 1
        if alone:  # a lone mouse is still the hero of its picture
            ceiling = 1.05 if subject.art in traits().places["drawn_to_the_ground"] else 1.22
            return min(ceiling, max(0.8, math.sqrt(scale))) * subject.size
        return scale / max(1.0, biggest) * subject.size

    def _row(self, subjects: list[Subject], *, aloft: bool, height: float) -> None:
        if not subjects:
            return
        biggest = max(traits().scale.get(subject.art, 1.0) for subject in subjects)
        if self.scene == "logo":
            height = 0.42
        elif self.scene == "card":
            height = 0.48 if self.brief.texts else 0.58
        heights = [min(0.74, height * self._scale(subject, biggest)) for subject in subjects]
        if self.ratio < 0.8:  # a tall picture is sized by its width
            heights = [value * max(0.45, self.ratio**0.6) for value in heights]
        groups = [_GROUP_WIDTH[min(subject.count, len(_GROUP_WIDTH)) - 1] for subject in subjects]
        shrink = [1.0, 0.82, 0.68, 0.6, 0.55, 0.5, 0.48]
        heights = [value * shrink[subject.count - 1] for value, subject in zip(heights, subjects, strict=True)]
        widths = [
            value * art.aspect(subject.art) / self.ratio * group
            for value, subject, group in zip(heights, subjects, groups, strict=True)
        ]
        room = 0.62 if self.scene == "logo" else 0.96 - 2 * MARGIN
        if len(subjects) == 1 and subjects[0].count == 1:  # a lone subject leaves air at both sides
            room = min(room, 0.68 if self.ratio < 0.9 else 0.6)
        if sum(widths) > room:
            factor = room / sum(widths)
            heights = [value * factor for value in heights]
            widths = [value * factor for value in widths]
        # Company stands together in the middle; only the rest of the width is left over, at both ends.
        gap = min(0.06, (room - sum(widths)) / len(subjects))
        cursor = 0.5 - (sum(widths) + gap * (len(subjects) - 1)) / 2 + self._sway(len(subjects), aloft=aloft)
        for subject, value, width in zip(subjects, heights, widths, strict=True):
            self._group(subject, cursor + width / 2, width, value, aloft=aloft)
            cursor += width + gap

    def _sway(self, company: int, *, aloft: bool) -> float:
        """Off the middle, as a painter would, where nothing demands symmetry."""
        if self.scene in ("logo", "island", "card", "studio", "backdrop"):
            return 0.0
        reach = 0.09 if company == 1 else 0.03
        return float(self.rng.uniform(-reach, reach)) * (1.6 if aloft else 1)

    def _bottom(self, subject: Subject, height: float, *, aloft: bool) -> float:
        if aloft:
            top = 0.08 + float(self.rng.uniform(0, 0.08)) + (0.16 if self.brief.texts else 0)
            return min(max(top + height, height + 0.04), max(self.horizon - 0.04, height + 0.04))
        if self.scene == "logo":
            return 0.4 + height / 2
        if self.scene in FLOATING:
            swims = traits().home.get(subject.art) == "underwater" or art.kind(subject.art) in ("animal", "person")
            is_built = self.scene == "underwater" and not swims
            return 0.95 if is_built else 0.52 + height / 2
        floor = FLOOR.get(self.scene, 0.9)
        if subject.art in traits().places["drawn_to_the_ground"] and len(self.brief.subjects) > 1:
            floor -= 0.05  # buildings stand a step behind
        if self.scene in ("room", "meadow", "forest", "beach") and self.ratio > 1.9:
            floor = min(0.94, floor + 0.02)
        return floor

    def _group(self, subject: Subject, middle: float, width: float, height: float, *, aloft: bool) -> None:
        bottom = self._bottom(subject, height, aloft=aloft)
        loose = subject.count > 1 and (aloft or self.scene in FLOATING)
        height *= 0.84 if loose else 1.0
        one = height * art.aspect(subject.art) / self.ratio
        if subject.count == 1:
            self._put(subject, Box.standing(middle, bottom, one, height))
            return
        is_scattered = loose and self.scene in FLOATING
        count = subject.count
        for index in range(count):
            across = (index + 0.5) / count - 0.5
            wanted = 0.8 if is_scattered else min(0.86, one * count * 1.2) if loose else width
            x = middle + across * max(0.0, wanted - one) * count / max(1, count - 1)
            step = (
                float(self.rng.uniform(-0.16, 0.16)) if is_scattered else float(self.rng.uniform(-0.16, 0.03)) * loose
            )
            back = 0.0 if loose else 0.075 * ((index * 2 + 1) % 3) / 2 * (count > 2)
            size = float(self.rng.uniform(0.7 if loose else 0.84, 1.04)) * (1 - back) if count > 2 else 1.0
            flip = index < count / 2 if count == 2 and art.kind(subject.art) == "animal" else None
            foot = bottom - step - back
            if aloft:
                foot = min(foot, max(self.horizon - 0.07, height + 0.04))
            x = min(max(x, one / 2 + 0.02), 0.98 - one / 2)
            self._put(subject, Box.standing(x, foot, one * size, height * size), flip=flip)

    def _put(self, subject: Subject, box: Box, *, pose: str = "plain", flip: bool | None = None) -> None:
        self.placed.append(Placed(subject, box, pose, flip, depth=box.y1))

    def _portrait(self, subject: Subject) -> None:
        height = 0.84 if self.ratio >= 0.8 else 0.84 * max(0.5, self.ratio**0.7)
        pose = "bust" if art.is_person(subject.art) or art.kind(subject.art) in ("animal", "face") else "plain"
        width = height * art.aspect(subject.art, pose) / self.ratio
        if width > 0.94:
            width, height = 0.94, height * 0.94 / width
        has_bust = art.aspect(subject.art, pose) != art.aspect(subject.art)
        if has_bust:
            height, width = height * 1.06, width * 1.06
        bottom = 1.01 if has_bust else 0.94
        self._put(
            Subject(subject.art, subject.words, subject.color), Box.standing(0.5, bottom, width, height), pose=pose
        )

    # ------------------------------------------------------------ who hangs on another

    def _attach(self, subject: Subject) -> None:
        anchors = [placed for placed in self.placed if placed.subject is not subject]
        if not anchors:
            self._row([subject], aloft=False, height=0.5)
            return
        before = self.brief.subjects[self.brief.subjects.index(subject) - 1]
        anchor = next((placed for placed in anchors if placed.subject.art == before.art), anchors[0])
        if subject.relation in ("wear", "hold"):
            anchor = self.placed[0]
        aspect = art.aspect(subject.art) / self.ratio
        getattr(self, f"_attach_{subject.relation}")(subject, anchor, aspect)

    def _attach_on(self, subject: Subject, rider: Placed, aspect: float) -> None:
        """The mount takes the rider's place, larger; the rider is seated on its back."""
        mountable = subject.art in traits().roles["mount"]
        base = rider.box
        height = min(0.62, base.height * (1.2 if mountable else 0.95) * max(0.8, min(1.2, subject.size)))
        if subject.art in traits().seats:
            height = base.height * 1.35
        if art.kind(rider.subject.art) in ("food", "object", "play"):
            height = base.height * 1.1
        width = height * aspect
        if width > 0.82:
            width, height = 0.82, height * 0.82 / width
        bottom = base.y1 if rider.subject.is_aloft or self.scene in FLOATING else max(base.y1, 0.9)
        mount = Box.standing(base.middle, bottom, width, height)
        pose = "ride" if mountable and art.has_body(rider.subject.art) else "plain"
        rider_height = height * (0.74 if art.is_person(rider.subject.art) else 0.55)
        seat = mount.y1 - height * (
            0.34 if pose == "ride" else 0.62 if mountable else traits().seats.get(subject.art, 0.9)
        )
        rider_width = rider_height * art.aspect(rider.subject.art, pose) / self.ratio
        top = max(0.02, seat - rider_height)
        seat = top + rider_height
        rider.box, rider.pose = Box.standing(base.middle + width * 0.04, seat, rider_width, rider_height), pose
        rider.flip = False if art.kind(rider.subject.art) == "animal" else rider.flip
        self.placed.append(Placed(subject, mount, flip=False, depth=bottom))
        rider.depth = bottom + 0.001

    def _attach_in(self, subject: Subject, inside: Placed, aspect: float) -> None:
        base = inside.box
        width = max(base.height * 0.46 * aspect, base.width * 0.82)
        height = width / aspect
        bottom = max(base.y1, 0.88) if self.scene not in FLOATING else base.y1 + height * 0.4
        box = Box.standing(base.middle, bottom, width, height)
        lift = bottom - height * 0.46
        inside.box = Box.standing(base.middle, lift, base.width * 0.9, base.height * 0.9)
        inside.depth = bottom - 0.001
        self.placed.append(Placed(subject, box, depth=bottom))

    def _attach_wear(self, subject: Subject, wearer: Placed, aspect: float) -> None:
        roles = traits().roles
        base = wearer.box
        middle, span = art.crown_of_head(wearer.subject.art, wearer.pose)
        wearer.flip = False
        is_figure = art.is_upright(wearer.subject.art)
        head = base.width * (0.62 if is_figure else min(0.6, max(0.3, span)))
        x = base.x0 + base.width * (0.5 if is_figure else middle)
        if subject.art in roles["headwear"]:
            width = head * 1.05
            box = Box.standing(x, base.y0 + base.height * (0.09 if is_figure else 0.11), width, width / aspect)
        elif subject.art in roles["eyewear"]:
            width = head * 0.95
            box = Box.standing(x, base.y0 + base.height * 0.29, width, width / aspect)
        else:
            width = head * (0.9 if is_figure else 0.62)
            box = Box.standing(x, base.y0 + base.height * (0.72 if is_figure else 0.68), width, width / aspect)
        if box.y0 < 0.02:  # a tall hat pushes its wearer down
            push = min(0.02 - box.y0, 0.2)
            box = Box(box.x0, box.y0 + push, box.x1, box.y1 + push)
            wearer.box = Box(base.x0, base.y0 + push, base.x1, base.y1)
        self.placed.append(Placed(subject, box, flip=False, depth=wearer.depth + 0.002))

    def _attach_hold(self, subject: Subject, holder: Placed, aspect: float) -> None:
        base = holder.box
        pair = [placed for placed in self.placed if placed.subject is holder.subject]
        if len(pair) >= 2:  # between the two, a little nearer
            middle = (pair[0].box.middle + pair[-1].box.middle) / 2
            height = base.height * 0.6
            box = Box.standing(middle, base.y1 + 0.05, height * aspect, height)
        elif art.has_body(holder.subject.art) and holder.pose != "bust":
            overhead = subject.art in ("umbrella", "balloon", "kite", "umbrella-with-rain-drops")
            height = base.height * (0.5 if overhead else 0.36) * min(1.4, subject.size)
            hand_x, hand_y = base.x0 + base.width * 0.89, base.y0 + base.height * 0.66
            bottom = hand_y + (0.01 if overhead else height * 0.62)
            box = Box.standing(hand_x + height * aspect * (0.42 if overhead else 0.16), bottom, height * aspect, height)
        else:
            height = base.height * 0.44 * min(1.4, subject.size)
            width = height * aspect
            box = Box.standing(min(base.x1 + width * 0.3, 0.97 - width / 2), base.y1 + 0.012, width, height)
        self.placed.append(Placed(subject, box, depth=holder.depth + 0.002))

    def _attach_under(self, subject: Subject, below: Placed, aspect: float) -> None:
        base = below.box
        if "umbrella" in subject.art:
            width = base.width * 1.25
            height = width / aspect
            box = Box.standing(base.middle + base.width * 0.12, base.y0 + height * 0.62, width, height)
            if box.y0 < 0.03:
                push = 0.03 - box.y0
                box = Box(box.x0, box.y0 + push, box.x1, box.y1 + push)
                below.box = Box.standing(base.middle, base.y1, base.width * 0.9, base.height * 0.9)
            self.placed.append(Placed(subject, box, depth=below.depth - 0.002))
            return
        height = min(0.8, base.height * 1.75)
        width = min(0.9, height * aspect)
        below.box = Box.standing(base.middle, base.y1, base.width * 0.8, base.height * 0.8)
        box = Box.standing(base.middle + base.width * 0.35, min(base.y1, 0.88), width, height)
        self.placed.append(Placed(subject, box, depth=below.depth - 0.05))


def _raised(subject: Subject) -> Subject:
    return Subject(subject.art, subject.words, subject.color, subject.count, subject.size, subject.relation, True)
