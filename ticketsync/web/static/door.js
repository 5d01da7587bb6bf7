// The door page: scan, search, check in, count. Without a network it works on the stored
// guest list, queues the scans, and sends them when the server is back.
"use strict";

const root = document.getElementById("door");
const show = root.dataset.show;
const base = `/door/${show}`;
const $ = (id) => document.getElementById(id);
const store = {
  get: (name, other) => JSON.parse(localStorage.getItem(`${name}-${show}`) ?? JSON.stringify(other)),
  set: (name, value) => localStorage.setItem(`${name}-${show}`, JSON.stringify(value)),
};
const device = localStorage.getItem("device") ?? random();
localStorage.setItem("device", device);

let guests = store.get("guests", []);
let queue = store.get("queue", []); // kept until the server has confirmed them
let isOffline = false;

function random() {
  return Array.from(crypto.getRandomValues(new Uint8Array(9)), (b) => b.toString(16).padStart(2, "0")).join("");
}

async function digest(text) {
  if (!crypto.subtle) return ""; // only with https, or on this machine
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text.trim()));
  const hex = Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, "0")).join("");
  return `code:${hex.slice(0, 32)}`;
}

function showMessage(text, tone) {
  const message = $("answer");
  message.textContent = text;
  message.className = `answer ${tone}`;
  if (navigator.vibrate) navigator.vibrate(tone === "good" ? 40 : [80, 60, 80]);
}

function showStatus() {
  const waiting = queue.length ? `${queue.length} saved offline, waiting for the server.` : "";
  $("line").textContent = isOffline ? `Offline. ${waiting}` : waiting;
  $("in").textContent = guests.filter((g) => g.in).length;
  $("of").textContent = guests.length;
}

// The guest list

function matching(text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return guests;
  return guests.filter((g) =>
    [g.name, g.order, g.ticket, g.seat ?? ""].some((value) => value.toLowerCase().includes(wanted)));
}

function showGuests() {
  const items = matching($("code").value).slice(0, 300).map((guest) => {
    const item = document.createElement("li");
    const who = document.createElement("span");
    who.className = "who";
    who.textContent = guest.shown;
    const more = document.createElement("small");
    more.textContent = ` ${[guest.type, guest.seat].filter(Boolean).join(", ")}${guest.free ? ", free" : ""}${guest.in && guest.since ? `, in ${guest.since}` : ""}`;
    who.append(more);
    if (guest.answers) {
      const answers = document.createElement("small");
      answers.className = "answers";
      answers.textContent = guest.answers;
      who.append(answers);
    }
    const button = document.createElement("button");
    button.textContent = guest.in ? "Undo" : "Let in";
    button.className = guest.in ? "quiet" : "main";
    button.setAttribute("aria-label", `${button.textContent}: ${who.textContent}`);
    button.addEventListener("click", () => move(guest.ticket, guest.in ? "out" : "in"));
    item.append(who, button);
    return item;
  });
  $("guests").replaceChildren(...items);
  showStatus();
}

async function refresh() {
  const response = await request(`${base}/guests`);
  if (!response) return;
  guests = response.guests;
  for (const scan of queue) apply(await findGuest(scan.code), scan.kind); // the server does not have it yet
  store.set("guests", guests);
  showGuests();
}

// One scan

// What a scanned text may contain: a code, a URL that ends in one, a JSON object with an _id.
function possibleCodes(text) {
  const whole = text.trim();
  const last = whole.replace(/\/+$/, "").split("/").pop();
  let id = "";
  if (whole.startsWith("{")) {
    try {
      const found = JSON.parse(whole)._id;
      if (typeof found === "string") id = found.trim();
    } catch { /* not JSON: any other text */ }
  }
  return [...new Set([whole, last, last.split(",")[0], id])].filter(Boolean);
}

async function findGuest(text) {
  const wanted = possibleCodes(text);
  const codes = (await Promise.all(wanted.map(digest))).filter(Boolean);
  return guests.find((g) => codes.includes(g.code) || codes.includes(g.second_code)) ??
    guests.find((g) => wanted.includes(g.ticket));
}

function apply(guest, kind) {
  if (guest) guest.in = kind === "in";
}

async function move(text, kind, group = false) {
  const scan = { code: text, kind, group, key: random(), at: new Date().toISOString(), door: $("name").value, device };
  $("together").hidden = true;
  const response = isOffline ? null : await request(`${base}/scan`, scan);
  if (response) {
    const tone = { admitted: response.warning ? "wait" : "good", out: "good", several: "wait" }[response.outcome] ?? "bad";
    showMessage(response.message, tone);
    if (response.together) {
      $("together").hidden = false;
      $("together").onclick = () => move(text, kind, true);
    }
    if (response.outcome !== "several") $("code").value = "";
    await refresh();
  } else {
    await scanOffline(scan);
  }
  showGuests();
}

async function scanOffline(scan) {
  let guest = await findGuest(scan.code);
  if (!guest) {
    const found = matching(scan.code);
    if (found.length > 1) return showMessage(`${found.length} match: choose one from the list.`, "wait");
    guest = found[0];
  }
  if (guest && scan.kind === "in" && guest.in) {
    showMessage(`${guest.shown} is already in${guest.since ? ` since ${guest.since}` : ""} (offline list).`, "bad");
    return;
  }
  if (guest) scan.code = guest.ticket;
  queue.push(scan);
  store.set("queue", queue);
  apply(guest, scan.kind);
  store.set("guests", guests);
  $("code").value = "";
  if (guest) showMessage(`${scan.kind === "in" ? "In" : "Out"}: ${guest.shown} (offline, saved for later).`, "good");
  else showMessage("Not on the offline list: saved for later, decide yourself.", "wait");
}

// The server

async function request(path, payload) {
  try {
    const response = await fetch(path, {
      method: payload ? "POST" : "GET",
      headers: payload ? { "Content-Type": "application/json" } : {},
      body: payload && JSON.stringify(payload),
      signal: AbortSignal.timeout(6000),
    });
    if (response.status === 401 || response.status === 403) {
      showMessage("You are signed out: open your link again. No scans are lost.", "bad");
      return null;
    }
    if (!response.ok) throw new Error(String(response.status));
    isOffline = false;
    return await response.json();
  } catch {
    isOffline = true;
    return null;
  }
}

let isSending = false;

async function sendQueue() {
  if (isSending) return; // a second one would send the same scans
  isSending = true;
  try {
    while (queue.length) {
      const batch = queue.slice(0, 200);
      const response = await request(`${base}/merge`, { scans: batch });
      if (!response) return;
      const sent = new Set(batch.map((scan) => scan.key));
      queue = queue.filter((scan) => !sent.has(scan.key));
      store.set("queue", queue);
      if (response.conflicts.length) showMessage(response.conflicts.map((c) => `${c.who}: ${c.outcome}`).join(", "), "bad");
    }
    await refresh();
  } finally {
    isSending = false;
    showStatus();
  }
}

// The camera, in browsers that can read codes

async function scanWithCamera() {
  const view = $("view");
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  const reader = new BarcodeDetector();
  view.srcObject = stream;
  view.hidden = false;
  await view.play();
  let last = "";
  const tick = async () => {
    if (view.hidden) return;
    const [found] = await reader.detect(view).catch(() => []);
    if (found && found.rawValue !== last) {
      last = found.rawValue;
      await move(last, "in");
      setTimeout(() => { last = ""; }, 4000); // a ticket held in front of the camera is one scan
    }
    requestAnimationFrame(tick);
  };
  tick();
  $("camera").onclick = () => {
    view.hidden = true;
    stream.getTracks().forEach((track) => track.stop());
    $("camera").onclick = scanWithCamera;
  };
}

$("name").value = localStorage.getItem("door-name") ?? "";
$("name").addEventListener("change", () => localStorage.setItem("door-name", $("name").value));
$("code").addEventListener("input", showGuests);
$("scan").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("code").value.trim();
  if (text) move(text, "in");
});
if ("BarcodeDetector" in window && navigator.mediaDevices) {
  $("camera").hidden = false;
  $("camera").onclick = scanWithCamera;
}
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/door/worker.js", { scope: "/door" }).catch(() => {});
addEventListener("online", sendQueue);
addEventListener("offline", () => { isOffline = true; showStatus(); });
setInterval(sendQueue, 10000);
showGuests();
sendQueue();
