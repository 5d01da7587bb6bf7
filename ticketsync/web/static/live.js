// Brings the page up to date by itself, unless somebody is typing or reading a selection.
"use strict";
const EVERY = 20000;

async function renew() {
  const busy = document.activeElement && document.activeElement.matches("input, button");
  if (document.hidden || busy || String(getSelection())) return;
  try {
    const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("main");
    if (fresh) document.querySelector("main").replaceChildren(...fresh.childNodes);
  } catch {
    // The server is away; the figures on the page say from when they are.
  }
}
setInterval(renew, EVERY);
document.addEventListener("visibilitychange", renew);
