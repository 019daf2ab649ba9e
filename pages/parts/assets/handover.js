// The link to another device: its QR code, a button that copies it, and until when it works.
export default function ({ data, parentElement }) {
  const at = (css) => parentElement.querySelector(css);
  const copy = at('.copy'), words = at('.copy span'), url = at('.url');
  at('.code').src = data.code;
  url.textContent = data.url;
  const until = new Date(data.until).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  at('.until').textContent = `Works once, until ${until}.`;
  at('.note').textContent = data.note;
  at('.note').hidden = !data.note;
  words.textContent = 'Copy the link';
  let timer = 0;
  const say = (text) => { words.textContent = text; clearTimeout(timer); timer = setTimeout(() => { words.textContent = 'Copy the link'; }, 4000); };
  copy.onclick = async () => {
    try {
      await navigator.clipboard.writeText(data.url);
      say('Copied');
    } catch {
      // Without https there is no clipboard: the link is marked, and copied from there.
      const range = document.createRange();
      range.selectNodeContents(url);
      const selection = window.getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      say(document.execCommand('copy') ? 'Copied' : 'Marked. Copy it by hand');
    }
  };
  return () => clearTimeout(timer);
}
