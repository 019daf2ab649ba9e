// The link back to one's own gallery. Only the browser knows the address under which the app is open here.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector("#root"), url = location.origin + outside(data.root) + data.query;
  if (root.dataset.url === url) return;
  root.dataset.url = url;
  root.replaceChildren(copyRow("Your link", url));
}

// A host that shows the app in a frame of its own keeps the frame at a path that people never see.
const outside = (root) => root.replace(/~\/\+\/$/, "");
