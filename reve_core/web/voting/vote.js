// Keys for the four answers, and a closer look at a picture. Without this the page works by its buttons and links alone.
(() => {
  "use strict";
  document.body.classList.add("scripted");
  const form = document.querySelector("form.poll");
  const next = document.querySelector("a[rel=next]");
  const pictures = [...document.querySelectorAll(".shot a")];
  const KEYS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "tie", ArrowDown: "bad" };
  let sent = false;

  form?.addEventListener("submit", (event) => { if (sent) event.preventDefault(); sent = true; });
  addEventListener("pageshow", () => { sent = false; });

  addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat || near?.open) return;
    if (form && KEYS[event.key]) {
      event.preventDefault();
      form.querySelector(`button[value=${KEYS[event.key]}]`).click();
    } else if (next && (event.key === "ArrowRight" || (event.key === "Enter" && document.activeElement === document.body))) {
      event.preventDefault();
      next.click();
    }
  });

  let near = null, at = 0, scroll, img, other;
  const make = (tag, props) => Object.assign(document.createElement(tag), props);

  function build() {
    near = make("dialog", { className: "near" });
    scroll = make("div", { className: "scroll" });
    img = make("img", { draggable: false });
    other = make("button", { type: "button", onclick: () => show(1 - at) });
    const close = make("button", { type: "button", textContent: "Close", onclick: () => near.close() });
    const tools = make("div", { className: "tools" });
    img.onclick = (event) => enlarge(!scroll.classList.contains("large"), event);
    near.onkeydown = (event) => {
      if (event.key === "ArrowLeft" || event.key === "ArrowRight") { event.preventDefault(); show(event.key === "ArrowLeft" ? 0 : 1); }
    };
    near.onclose = () => pictures[at].focus();
    scroll.append(img);
    tools.append(other, close);
    near.append(scroll, tools);
    document.body.append(near);
  }

  function enlarge(on, event) {
    const box = img.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    scroll.classList.toggle("large", on);
    img.style.width = on ? `${Math.round(box.width * 2.5)}px` : "";
    if (on) scroll.scrollTo(img.offsetWidth * x - innerWidth / 2, img.offsetHeight * y - innerHeight / 2);
  }

  // The other picture at the same spot and the same size, so that the two can be told apart by switching.
  function show(index) {
    at = index;
    const shown = pictures[at].querySelector("img");
    img.src = shown.src;
    img.alt = shown.alt;
    near.setAttribute("aria-label", shown.alt);
    other.textContent = "The other one";
  }

  pictures.forEach((link, index) => link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!near) build();
    scroll.classList.remove("large");
    img.style.width = "";
    show(index);
    near.showModal();
  }));
})();
