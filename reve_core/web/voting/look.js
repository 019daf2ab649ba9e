// Draws the grid, and asks now and then whether anything is new: only while somebody looks.
(() => {
  "use strict";
  const home = document.getElementById("player");
  const told = JSON.parse(document.getElementById("told").textContent);
  const soon = 4000, later = 12000;
  let data = JSON.parse(document.getElementById("comparison").textContent);
  let result = told.result, timer = 0;

  const make = (tag, props, ...children) => {
    const node = Object.assign(document.createElement(tag), props);
    node.append(...children);
    return node;
  };
  const get = async (what) => {
    const answer = await fetch(`${told.here}/${what}`, { credentials: "same-origin" });
    if (answer.status === 404 || answer.status === 410) location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };
  home.replaceChildren();
  const whole = (grid) => {
    const prompts = new Map(grid.rows.map((row) => [row.id, row.prompt]));
    for (const cell of grid.cells) cell.alt ??= prompts.get(cell.row);
    return grid;
  };
  const player = compareMount(home, whole(data), { details: (key) => get(`d/${encodeURIComponent(key)}`) });

  function drawResult() {
    document.getElementById("votes").textContent = result.told;
    document.getElementById("standing").textContent = result.short;
    result.questions.forEach((question, index) => {
      const place = document.getElementById(`q${index}`);
      if (!place) return;
      place.querySelector(".verdict").textContent = question.verdict;
      place.querySelector(".caveat").textContent = question.caveat;
      place.querySelector(".measure").textContent = question.measure;
      place.querySelector("ol").replaceChildren(...question.lines.map((line) => {
        const item = make("li", {}, make("span", { className: "badge", textContent: line.name }),
          make("span", { className: "text", dir: "auto", textContent: line.text }), make("span", { className: "share", textContent: line.share }));
        if (line.range) {
          const span = make("i"), dot = make("b");
          span.style.left = line.low + "%";
          span.style.width = line.high - line.low + "%";
          dot.style.left = line.middle + "%";
          item.append(make("span", { className: "bar" }, span, dot), make("span", { className: "range", textContent: line.range }));
        }
        return item;
      }));
    });
  }

  async function ask() {
    try {
      const news = await get(`result?rev=${encodeURIComponent(data.rev)}`);
      if (news.rev !== data.rev) {
        result = news.result;
        data = whole(await get("data"));
        player.update(data);
        drawResult();
      }
    } catch { /* the next look may find it again */ }
    rest();
  }
  function rest() {
    clearTimeout(timer);
    if (document.hidden) return;
    timer = setTimeout(ask, data.cells.some((cell) => cell.state === "queued" || cell.state === "running") ? soon : later);
  }
  document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else ask(); });
  rest();
})();
