// Refreshes the page regularly, unless the user is typing or has selected text.
"use strict";
const INTERVAL_MS = Number(document.currentScript.dataset.seconds || 20) * 1000;

async function refresh() {
  const busy = document.activeElement && document.activeElement.matches("input, button");
  if (document.hidden || busy || String(getSelection())) return;
  try {
    const response = await fetch(location.href, { headers: { "X-Live": "1" } });
    if (!response.ok || response.redirected) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("main");
    if (fresh) document.querySelector("main").replaceChildren(...fresh.childNodes);
    if (document.querySelector("[data-ended]")) clearInterval(timer); // nothing changes any more
  } catch {
    // The server is unreachable; the page says how old its figures are.
  }
}
const timer = setInterval(refresh, INTERVAL_MS);
document.addEventListener("visibilitychange", refresh);
