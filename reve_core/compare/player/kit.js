// Small helpers. Every text a person typed or a provider sent goes through textContent, never through HTML.
function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node[name] = value;
    else if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const ICONS = {
  close: "M6 6l12 12M18 6L6 18",
  left: "M14.5 6l-6 6 6 6",
  right: "M9.5 6l6 6-6 6",
  up: "M6 14.5l6-6 6 6",
  down: "M6 9.5l6 6 6-6",
  plus: "M12 5.5v13M5.5 12h13",
  minus: "M5.5 12h13",
  dots: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  swap: "M4 8.5h15m-4-4 4 4-4 4M20 15.5H5m4-4-4 4 4 4",
  pin: "M12 15.5V21M8 4h8l-1 6 3 3.5H6L9 10z",
  boxes: "M4 4h10v10H4zM10.5 17.5V20H20V10.5h-2.5",
  info: "M12 11v6M12 7.2v.1M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z",
  keys: "M3.5 7h17v10.5h-17zM7 10.4h.01M10.3 10.4h.01M13.6 10.4h.01M17 10.4h.01M8 14.2h8",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4",
  wait: "M12 7.5V12l3 2M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z",
  bad: "M12 8v5M12 16.2v.1M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z",
  hold: "M9.5 8.5v7M14.5 8.5v7M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z",
  side: "M3.5 5h7.5v14H3.5zM13 5h7.5v14H13z",
  slider: "M3.5 5h17v14h-17zM12 3v18M9.5 10 7.5 12l2 2M14.5 10l2 2-2 2",
  fade: "M9 6a6 6 0 1 0 0 12A6 6 0 0 0 9 6zM15 6a6 6 0 1 1 0 12 6 6 0 0 1 0-12z",
  difference: "M3.5 5h17v14h-17zM8.5 10h7M12 6.8v6.4M8.5 16h7",
  moved: "M4 12h15m-5-5 5 5-5 5",
  resized: "M10 4H4v6M14 20h6v-6M4 4l6.5 6.5M20 20l-6.5-6.5",
  reworded: "M4 19h4L19 8l-4-4L4 15zM13 6l4 4",
};

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "cmp-icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function iconButton(name, label, more) {
  return el("button", { type: "button", class: "cmp-b cmp-only", "aria-label": label, title: label, ...more }, icon(name));
}

// For those who listen; soon gone again, so that nobody comes upon it later as if it were news.
function say(line, text) {
  clearTimeout(line.fading);
  // The same words twice would not be read a second time.
  line.textContent = text && text === line.textContent ? text + "\u00a0" : text;
  if (text) line.fading = setTimeout(() => { line.textContent = ""; }, 8000);
}

const heard = (text) => el("span", { class: "cmp-heard", text });
const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));
const viewable = (cell) => Boolean(cell && (cell.full || cell.src));
const aspectOf = (cell) => (cell && cell.width > 0 && cell.height > 0 ? cell.width / cell.height : 0);
// Nobody sees a hundredth: 1024 × 683 and 1536 × 1024 are one shape.
const sameShape = (a, b) => Math.abs(Math.log(a / b)) < 0.01;

// What the data says, looked up by place: the rows, the columns, the cell where they cross. A row's prompt may be hidden.
function readModel(data) {
  const { rows, columns } = data;
  const places = new Map();
  const keys = new Map();
  for (const cell of data.cells) {
    places.set(cell.row + "\n" + cell.column, cell);
    keys.set(cell.key, cell);
  }
  const rowAt = new Map(rows.map((row, index) => [row.id, index]));
  for (const cell of data.cells) cell.alt ??= rows[rowAt.get(cell.row)]?.prompt;
  const columnAt = new Map(columns.map((column, index) => [column.id, index]));
  const at = (r, c) => (rows[r] && columns[c] ? places.get(rows[r].id + "\n" + columns[c].id) : undefined);
  return {
    data, rows, columns, at,
    key: (key) => keys.get(key),
    place: (cell) => [rowAt.get(cell.row) ?? -1, columnAt.get(cell.column) ?? -1],
    row: (cell) => rows[rowAt.get(cell.row)],
    heads: (cell) => (columns[columnAt.get(cell.column)]?.heads ?? []).filter(Boolean),
  };
}

const nameOf = (model, cell) => [model.row(cell)?.name, ...model.heads(cell)].filter(Boolean).join(" · ");

// Rows of one prompt: a row and those that ask it once more. A prompt that is not told is like no other.
const samePrompt = (one, other) => (one.twin_of ?? one.name) === (other.twin_of ?? other.name) || Boolean(one.prompt && !one.hidden && one.prompt === other.prompt);

// The picture to show beside this one: for a twin its original; else the same column of the next row with another prompt,
// round again from the first; else of the next row; else the same row.
function companion(model, cell) {
  const [r, c] = model.place(cell);
  const mine = model.rows[r];
  const next = model.rows.map((_, index) => (r + index) % model.rows.length).slice(1);
  const rank = (index) => (model.rows[index].name === mine.twin_of ? 0 : samePrompt(model.rows[index], mine) ? 2 : 1);
  const rows = next.map((index) => [rank(index), index]).sort((x, y) => x[0] - y[0]).map(([, index]) => index);
  const columns = model.columns.map((_, index) => index).filter((index) => index !== c);
  columns.sort((x, y) => Math.abs(x - c) - Math.abs(y - c) || y - x);
  const found = [...rows.map((row) => model.at(row, c)), ...columns.map((column) => model.at(r, column))];
  return found.find(viewable) ?? model.data.cells.find((other) => other.key !== cell.key && model.row(other) && viewable(other));
}
