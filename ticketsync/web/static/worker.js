// Caches the door page, so that it opens without a network. Guest lists and scans are
// never served from the cache.
"use strict";
const CACHE = "door-1";
const CACHED_PATHS = ["/static/pages.css", "/static/door.js", "/static/icon.svg"];

addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(CACHED_PATHS)).then(() => self.skipWaiting()));
});
addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).pathname;
  const isCached = CACHED_PATHS.includes(path) || (request.mode === "navigate" && /^\/door\/\d+$/.test(path));
  if (request.method !== "GET" || !isCached) return;
  event.respondWith(
    fetch(request).then((response) => {
      const copy = response.clone();
      if (response.ok) caches.open(CACHE).then((cache) => cache.put(path, copy));
      return response;
    }).catch(async () => (await caches.match(path)) ?? Response.error()),
  );
});
