// Caches the door page, so that it opens without a network, and while the server answers
// with errors. Guest lists and scans are never served from the cache.
"use strict";
const CACHE = "door-3";
const CACHED_PATHS = ["/static/pages.css", "/static/device.js", "/static/door.js", "/static/jsQR.js", "/static/icon.svg"];
const PAGE = /^\/door\/\d+$/;

addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(CACHED_PATHS)).then(() => self.skipWaiting()));
});
addEventListener("activate", (event) => event.waitUntil(start()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).pathname;
  const isCached = CACHED_PATHS.includes(path) || (request.mode === "navigate" && PAGE.test(path));
  if (request.method !== "GET" || !isCached) return;
  event.respondWith(
    fetch(request).then(async (response) => {
      const copy = response.clone();
      if (response.ok) caches.open(CACHE).then((cache) => cache.put(path, copy));
      return response.status < 500 ? response : (await caches.match(path)) ?? response;
    }).catch(async () => (await caches.match(path)) ?? Response.error()),
  );
});

// The page that is open was loaded before this worker: without it a first visit would not be
// enough to go on without a network.
async function start() {
  await dropOldCaches();
  await self.clients.claim();
  const cache = await caches.open(CACHE);
  for (const { url } of await self.clients.matchAll({ type: "window" })) {
    const path = new URL(url).pathname;
    if (!PAGE.test(path)) continue;
    const response = await fetch(path).catch(() => null);
    if (response?.ok && !response.redirected) await cache.put(path, response);
  }
}

async function dropOldCaches() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
}
