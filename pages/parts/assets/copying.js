// Text that is to be taken along: a field that shows it and a button that copies it.
// Without https a browser gives a page no clipboard; what stands in a field can still be copied from there.
function copyRow(name, text, area) {
  const field = el(area ? "textarea" : "input", { class: "copied", readonly: true, spellcheck: "false", "aria-label": name, ...(area ? { rows: "3" } : { type: "text" }) });
  field.value = text;
  field.onfocus = () => field.select();
  const button = el("button", { type: "button" }, icon("copy"), el("span", { text: "Copy" }));
  button.onclick = async () => says(button, await copyText(text, field), "Copy");
  button.setAttribute("aria-label", "Copy: " + name);
  return el("div", { class: "copyrow" }, field, button);
}

async function copyText(text, field) {
  try { await navigator.clipboard.writeText(text); return true; } catch { /* by hand, then */ }
  if (!field) return false;
  field.focus();
  field.select();
  try { return document.execCommand("copy"); } catch { return false; }
}

function says(button, done, before) {
  const words = button.lastElementChild;
  words.textContent = done ? "Copied" : "Copy it by hand";
  clearTimeout(button.later);
  button.later = setTimeout(() => { words.textContent = before; }, 2000);
}

// An address that Python could not complete is completed here.
const whole = (url) => (url.startsWith("/") ? location.origin + url : url);
const wholeFrame = (html) => html.replace('src="/', `src="${location.origin}/`);
