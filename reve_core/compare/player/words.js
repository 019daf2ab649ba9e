// Words: which of them differ between two prompts, how that is drawn, and when two words are the same.

// The segments that lead from one row's prompt to another's: "=" both, "-" only the first, "+" only the second.
function diffOf(data, from, to) {
  if (from.id === to.id || from.prompt === to.prompt) return [["=", to.prompt]];
  const straight = data.diffs?.[from.id + "|" + to.id];
  if (straight) return straight;
  const back = data.diffs?.[to.id + "|" + from.id];
  const turned = { "=": "=", "-": "+", "+": "-" };
  if (back) return removedFirst(back.map(([mark, text]) => [turned[mark] ?? "=", text]));
  return [["-", from.prompt], ["+", to.prompt]];
}

// Turned round, what was added stands before what was removed; readers expect the old words first.
function removedFirst(segments) {
  const out = segments.slice();
  for (let at = 0; at + 1 < out.length; at += 1) {
    if (out[at][0] === "+" && out[at + 1][0] === "-") [out[at], out[at + 1]] = [out[at + 1], out[at]];
  }
  return out;
}

// Long stretches that are the same say little: their edges stay, the middle becomes an ellipsis.
function shorten(segments, room = 150) {
  const length = segments.reduce((sum, [, text]) => sum + text.length, 0);
  if (length <= room || segments.length === 1) return { segments, cut: false };
  let cut = false;
  const out = segments.map(([mark, text], index) => {
    if (mark !== "=" || text.length < 56) return [mark, text];
    cut = true;
    const head = index === 0 ? "" : text.slice(0, 26).replace(/\S*$/u, "");
    const tail = index === segments.length - 1 ? "" : text.slice(-26).replace(/^\S*/u, "");
    return ["=", head + "…" + tail];
  });
  return { segments: out, cut };
}

// Added and removed words carry a line and a weight, not only a colour. Those who listen have diffSays().
function drawDiff(segments) {
  return segments.filter(([, text]) => text).map(([mark, text]) => {
    if (mark === "=") return document.createTextNode(text);
    const [before, words, after] = edges(text);
    if (!words) return document.createTextNode(mark === "-" ? "" : text);
    const tag = mark === "-" ? el("del", { class: "cmp-del", text: words })
      : el("ins", { class: "cmp-ins", text: words });
    const both = document.createDocumentFragment();
    both.append(before, tag, after);
    return both;
  });
}

// The same in one sentence, to be heard after the whole prompt: "Against A: “snowy” became “dark”, “tall” was added."
function diffSays(segments, name) {
  const told = [];
  const list = segments.map(([mark, text]) => [mark, text.trim()]);
  for (let at = 0; at < list.length; at += 1) {
    const [mark, text] = list[at];
    const next = list[at + 1];
    if (mark === "=" || !text) continue;
    if (mark === "-" && next?.[0] === "+" && next[1]) { told.push(`“${text}” became “${next[1]}”`); at += 1; }
    else told.push(`“${text}” was ${mark === "-" ? "removed" : "added"}`);
  }
  return told.length ? `. Against ${name}: ${told.join(", ")}.` : "";
}

// How a prompt begins, in a few words.
function opening(prompt) {
  const text = prompt.trim().replace(/\s+/gu, " ");
  return text.length <= 48 ? text : text.slice(0, 48).replace(/\S*$/u, "").trim().slice(0, 48) + "…";
}

function edges(text) {
  const [, before, words, after] = /^(\s*)([^]*?)(\s*)$/u.exec(text);
  return [before, words, after];
}

const STOP = new Set("the and with for from into onto over under its are was this that his her their one two all very".split(" "));

// A word without its letter case, punctuation and simple plural: "Foxes," and "fox" are the same.
function stem(word) {
  const bare = word.toLowerCase().normalize("NFKC").replace(/[^\p{L}\p{N}]+/gu, "");
  if (bare.length > 4 && /ies?$/u.test(bare)) return bare.replace(/ies?$/u, "y");
  if (bare.length > 4 && /(?:ss|x|ch|sh)es$/u.test(bare)) return bare.slice(0, -2);
  if (bare.length > 3 && bare.endsWith("s") && !bare.endsWith("ss")) return bare.slice(0, -1);
  return bare;
}

// The telling words of a text, as a set of stems.
function stems(text) {
  const all = String(text || "").split(/[\s,.;:!?()"“”„«»/–—-]+/u).filter(Boolean).map(stem);
  return new Set(all.filter((word) => word && !STOP.has(word) && (word.length > 2 || /[^a-z]/u.test(word))));
}

// The regions, by index, whose label or prompt has this word.
function regionsWith(regions, word) {
  const [wanted] = stems(word);
  if (!wanted) return [];
  return regions.flatMap((region, index) => (stems(region.label + " " + (region.prompt || "")).has(wanted) ? [index] : []));
}
