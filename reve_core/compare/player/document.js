// The exported file's own start: read what it carries, draw it, and say plainly when that fails.
(() => {
  const home = document.getElementById("player");
  const failed = (error) => {
    const line = document.createElement("p");
    line.className = "trouble";
    line.setAttribute("role", "alert");
    const why = error && error.message ? error.message : String(error);
    line.textContent = home.querySelector(".cmp") ? `Something on this page broke: ${why}` : `This comparison could not be drawn: ${why}. A current browser may help.`;
    home.querySelector(".trouble")?.remove();
    home.prepend(line);
  };
  addEventListener("error", (event) => { if (event.error) failed(event.error); });
  addEventListener("unhandledrejection", (event) => failed(event.reason));
  try {
    const data = JSON.parse(document.getElementById("comparison").textContent);
    if (data.theme) document.documentElement.dataset.theme = data.theme;
    home.replaceChildren();
    compareMount(home, data, {});
  } catch (error) { failed(error); }
})();
