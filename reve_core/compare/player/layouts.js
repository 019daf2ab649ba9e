// Two layouts compared: what moved, was resized, reworded, dropped or added. Pure: lists in, a list out.

// An edge counts as gone elsewhere past 3 % of the picture: below that, eyes and models disagree anyway. A side must also
// have changed by 15 % of its length, so that a large box may breathe. Boxes with different labels are one region when
// words (most of it) and overlap together reach 0.45: half the words and a fair overlap, or all words wherever it went.
const LAYOUT = { shift: 0.03, side: 0.15, alike: 0.45, wordsWeigh: 0.6 };

function cleanRegion(region) {
  const number = (value) => (Number.isFinite(value) ? clamp(value, 0, 1) : 0);
  const [xa, xb, ya, yb] = [region.x0, region.x1, region.y0, region.y1].map(number);
  return {
    label: String(region.label || ""), prompt: String(region.prompt || ""),
    x0: Math.min(xa, xb), x1: Math.max(xa, xb), y0: Math.min(ya, yb), y1: Math.max(ya, yb),
  };
}

const area = (r) => (r.x1 - r.x0) * (r.y1 - r.y0);

function overlap(a, b) {
  const w = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0);
  const h = Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0);
  const common = w > 0 && h > 0 ? w * h : 0;
  const all = area(a) + area(b) - common;
  return all > 0 ? common / all : 0;
}

function likeness(a, b) {
  const [x, y] = [stems(a.label + " " + a.prompt), stems(b.label + " " + b.prompt)];
  if (!x.size || !y.size) return 0;
  let common = 0;
  for (const word of x) if (y.has(word)) common += 1;
  return common / (x.size + y.size - common);
}

const labelOf = (region) => region.label.trim().split(/\s+/u).map(stem).join(" ");

// Pairs of indexes, the best match first; every region is in at most one pair.
function matchRegions(a, b) {
  const scored = [];
  a.forEach((one, i) => b.forEach((other, j) => {
    const near = overlap(one, other);
    const words = likeness(one, other);
    const named = labelOf(one) !== "" && labelOf(one) === labelOf(other);
    const score = LAYOUT.wordsWeigh * words + (1 - LAYOUT.wordsWeigh) * near;
    if (named || score >= LAYOUT.alike) scored.push({ i, j, score: named ? 1 + score : score });
  }));
  scored.sort((x, y) => y.score - x.score || x.i - y.i || x.j - y.j);
  const [takenA, takenB, pairs] = [new Set(), new Set(), []];
  for (const { i, j } of scored) {
    if (takenA.has(i) || takenB.has(j)) continue;
    takenA.add(i);
    takenB.add(j);
    pairs.push([i, j]);
  }
  return pairs;
}

// How far both edges went the same way. A box that grows to one side has not moved.
function shift(low, high) {
  return Math.sign(low) === Math.sign(high) ? Math.sign(low) * Math.min(Math.abs(low), Math.abs(high)) : 0;
}

const percent = (value) => Math.round(Math.abs(value) * 100) + " %";

function changesOf(a, b) {
  const kinds = [];
  const says = [];
  const dx = shift(b.x0 - a.x0, b.x1 - a.x1);
  const dy = shift(b.y0 - a.y0, b.y1 - a.y1);
  const went = [];
  if (Math.abs(dx) > LAYOUT.shift) went.push((dx > 0 ? "right " : "left ") + percent(dx));
  if (Math.abs(dy) > LAYOUT.shift) went.push((dy > 0 ? "down " : "up ") + percent(dy));
  if (went.length) { kinds.push("moved"); says.push("moved " + went.join(", ")); }
  const sides = [["wider", "narrower", b.x1 - b.x0, a.x1 - a.x0], ["taller", "shorter", b.y1 - b.y0, a.y1 - a.y0]]
    .filter(([, , now, was]) => Math.abs(now - was) > LAYOUT.shift && Math.abs(now - was) > LAYOUT.side * Math.max(now, was))
    .map(([more, less, now, was]) => (was > 0 ? percent(now / was - 1) + " " : "") + (now > was ? more : less));
  if (sides.length) { kinds.push("resized"); says.push("now " + sides.join(" and ")); }
  const plain = (text) => text.trim().replace(/\s+/gu, " ").toLowerCase();
  if (plain(a.label) !== plain(b.label)) { kinds.push("reworded"); says.push(`“${a.label}” became “${b.label}”`); }
  // A prompt that only one of them has was left out, not reworded.
  if (plain(a.prompt) !== plain(b.prompt) && a.prompt && b.prompt) {
    if (!kinds.includes("reworded")) { kinds.push("reworded"); says.push("reworded"); }
  }
  return { kinds, says: says.join("; ") };
}

// ``[{kinds, label, says, a, b, was, now}]``: kinds is a list of "dropped", "added", "moved", "resized", "reworded", empty
// where nothing changed; a and b are indexes into the two lists, null where it has none; was and now are the prompts.
function compareLayouts(first, second) {
  const [a, b] = [(first || []).map(cleanRegion), (second || []).map(cleanRegion)];
  const pairs = matchRegions(a, b);
  const [inA, inB] = [new Map(pairs), new Set(pairs.map(([, j]) => j))];
  const list = [];
  a.forEach((one, i) => {
    const j = inA.get(i);
    if (j === undefined) list.push({ kinds: ["dropped"], label: one.label, says: "dropped: only on the left", a: i, b: null, was: one.prompt, now: "" });
    else list.push({ ...changesOf(one, b[j]), label: b[j].label, a: i, b: j, was: one.prompt, now: b[j].prompt });
  });
  b.forEach((one, j) => {
    if (!inB.has(j)) list.push({ kinds: ["added"], label: one.label, says: "added: only on the right", a: null, b: j, was: "", now: one.prompt });
  });
  const order = ["dropped", "added", "moved", "resized", "reworded", undefined];
  return list.map((entry, index) => [order.indexOf(entry.kinds[0]), index, entry])
    .sort((x, y) => x[0] - y[0] || x[1] - y[1]).map(([, , entry]) => entry);
}
