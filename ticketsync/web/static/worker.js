// Keeps the door page itself, so that it opens without a network. Figures and scans are
// never answered from here.
"use strict";
const NAME = "door-1";
const KEPT = ["/static/pages.css", "/static/door.js", "/static/icon.svg"];

addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(KEPT)).then(() => self.skipWaiting()));
});
addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).pathname;
  const isKept = KEPT.includes(path) || (request.mode === "navigate" && /^\/door\/\d+$/.test(path));
  if (request.method !== "GET" || !isKept) return;
  event.respondWith(
    fetch(request).then((answer) => {
      const copy = answer.clone();
      if (answer.ok) caches.open(NAME).then((cache) => cache.put(path, copy));
      return answer;
    }).catch(async () => (await caches.match(path)) ?? Response.error()),
  );
});
