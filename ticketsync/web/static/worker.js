// Caches the door page, so that it opens without a network, and while the server answers
// with errors. Guest lists and scans are never served from the cache.
"use strict";
const CACHE = "door-2";
const CACHED_PATHS = ["/static/pages.css", "/static/device.js", "/static/door.js", "/static/icon.svg"];

addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(CACHED_PATHS)).then(() => self.skipWaiting()));
});
addEventListener("activate", (event) => event.waitUntil(dropOldCaches().then(() => self.clients.claim())));
addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).pathname;
  const isCached = CACHED_PATHS.includes(path) || (request.mode === "navigate" && /^\/door\/\d+$/.test(path));
  if (request.method !== "GET" || !isCached) return;
  event.respondWith(
    fetch(request).then(async (response) => {
      const copy = response.clone();
      if (response.ok) caches.open(CACHE).then((cache) => cache.put(path, copy));
      return response.status < 500 ? response : (await caches.match(path)) ?? response;
    }).catch(async () => (await caches.match(path)) ?? Response.error()),
  );
});

async function dropOldCaches() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
}
