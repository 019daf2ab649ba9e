// Asks what is new, for the visitor this page was drawn for: `live` comes from Python's me.live(). A browser that sends no
// cookies shows a pass instead. Where `live` is null nothing can be asked, and the page itself is run again for news.
async function askLive(live) {
  const headers = { Accept: "application/json" };
  if (live.pass) headers["X-Reve-Visitor"] = live.pass;
  const reply = await fetch(live.url, { headers });
  const news = await reply.json();
  if (!reply.ok) throw new Error(news.detail);
  if (live.you && news.you && news.you !== live.you) startOver();
  return news;
}

// In another tab this browser has become another visitor. The page would go on with the gallery of one and the news of the
// other, so it is loaded again; at most once a minute, whatever goes wrong.
function startOver() {
  try {
    const now = Date.now();
    if (now - Number(sessionStorage.getItem("reve:over")) < 60000) return;
    sessionStorage.setItem("reve:over", String(now));
  } catch { return; }
  location.reload();
}
