// What the door page stored on this device: lists of past shows are dropped, and signing
// out clears everything. A header of the server clears it, too, but only on https.
"use strict";

{
  const stored = () => Object.keys(localStorage);

  function dropPastLists() {
    for (const key of stored()) {
      const show = /^guests-(\d+)$/.exec(key)?.[1];
      if (!show || Number(localStorage.getItem(`keep-until-${show}`)) > Date.now()) continue;
      for (const name of ["guests", "notes", "keep-until", "names-note"]) localStorage.removeItem(`${name}-${show}`);
      dropCached((path) => path === `/door/${show}`);
    }
  }

  async function dropCached(isDropped) {
    if (!("caches" in window)) return;
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const { url } of await cache.keys()) if (isDropped(new URL(url).pathname)) await cache.delete(url);
    }
  }

  async function clearDevice() {
    window.isLeaving = true; // the door page stores nothing from now on
    localStorage.clear();
    sessionStorage.clear();
    for (const registration of (await navigator.serviceWorker?.getRegistrations()) ?? []) {
      await hasStarted(registration);
      await registration.unregister();
    }
    await dropCached(() => true);
  }

  // A worker that is still starting could store the page after the cache was emptied.
  function hasStarted({ installing, waiting, active }) {
    const worker = installing ?? waiting ?? active;
    if (!worker || worker.state === "activated") return;
    const started = new Promise((done) => worker.addEventListener("statechange", () => worker.state === "activated" && done()));
    return Promise.race([started, new Promise((done) => setTimeout(done, 2000))]);
  }

  // Scans that the server does not have.
  function unsent() {
    const queues = stored().filter((key) => /^(queue|aside)-\d+$/.test(key));
    return queues.reduce((count, key) => count + JSON.parse(localStorage.getItem(key)).length, 0);
  }

  const form = document.getElementById("leave");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const waiting = unsent();
    if (waiting && !confirm(`${waiting} scans have not reached the server and would be lost. Sign out all the same?`)) return;
    await clearDevice().catch(() => {});
    form.submit();
  });
  dropPastLists();
}
