export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("#root");
  const until = performance.now() + data.seconds * 1000;
  const show = () => {
    const left = Math.max(0, Math.ceil((until - performance.now()) / 1000));
    const clock = left < 60 ? `${left} s` : `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} min`;
    root.textContent = `${data.text} Try again in ${clock}.`;
    if (!left) { clearInterval(timer); setTriggerValue("over", true); }
  };
  // A reader says it once, not every second.
  root.setAttribute("aria-live", "off");
  const timer = setInterval(show, 1000);
  show();
  return () => clearInterval(timer);
}
