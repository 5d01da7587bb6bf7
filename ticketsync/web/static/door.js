// The door: scan, search, tap, count. Without a network it goes on with the list it has,
// writes down what it saw, and hands that over when the server is back.
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
let queue = store.get("queue", []); // kept until the server says that it has them
let isAway = false;

function random() {
  return Array.from(crypto.getRandomValues(new Uint8Array(9)), (b) => b.toString(16).padStart(2, "0")).join("");
}

async function digest(text) {
  if (!crypto.subtle) return ""; // only with https, or on this machine
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text.trim()));
  const hex = Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, "0")).join("");
  return `code:${hex.slice(0, 32)}`;
}

function say(text, tone) {
  const answer = $("answer");
  answer.textContent = text;
  answer.className = `answer ${tone}`;
  if (navigator.vibrate) navigator.vibrate(tone === "good" ? 40 : [80, 60, 80]);
}

function tell() {
  const waiting = queue.length ? `${queue.length} written down, waiting for the server.` : "";
  $("line").textContent = isAway ? `Offline. ${waiting}` : waiting;
  $("in").textContent = guests.filter((g) => g.in).length;
  $("of").textContent = guests.length;
}

// The list

function fitting(text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return guests;
  return guests.filter((g) =>
    [g.name, g.order, g.ticket].some((value) => value.toLowerCase().includes(wanted)));
}

function draw() {
  const items = fitting($("code").value).slice(0, 300).map((guest) => {
    const item = document.createElement("li");
    const who = document.createElement("span");
    who.className = "who";
    who.textContent = guest.shown;
    const more = document.createElement("small");
    more.textContent = ` ${guest.type}${guest.free ? ", free" : ""}${guest.in && guest.since ? `, in ${guest.since}` : ""}`;
    who.append(more);
    const button = document.createElement("button");
    button.textContent = guest.in ? "Undo" : "Let in";
    button.className = guest.in ? "quiet" : "main";
    button.setAttribute("aria-label", `${button.textContent}: ${who.textContent}`);
    button.addEventListener("click", () => move(guest.ticket, guest.in ? "out" : "in"));
    item.append(who, button);
    return item;
  });
  $("guests").replaceChildren(...items);
  tell();
}

async function refresh() {
  const answer = await ask(`${base}/guests`);
  if (!answer) return;
  guests = answer.guests;
  for (const scan of queue) apply(await known(scan.code), scan.kind); // not heard of yet
  store.set("guests", guests);
  draw();
}

// One scan

// What a scanned text may be: a code, an address that ends in one, a JSON object with an _id.
function forms(text) {
  const whole = text.trim();
  const last = whole.replace(/\/+$/, "").split("/").pop();
  let id = "";
  if (whole.startsWith("{")) {
    try {
      const found = JSON.parse(whole)._id;
      if (typeof found === "string") id = found.trim();
    } catch { /* no JSON: a text like any other */ }
  }
  return [...new Set([whole, last, last.split(",")[0], id])].filter(Boolean);
}

async function known(text) {
  const wanted = forms(text);
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
  const answer = isAway ? null : await ask(`${base}/scan`, scan);
  if (answer) {
    const tone = { admitted: answer.warning ? "wait" : "good", out: "good", several: "wait" }[answer.outcome] ?? "bad";
    say(answer.message, tone);
    if (answer.together) {
      $("together").hidden = false;
      $("together").onclick = () => move(text, kind, true);
    }
    if (answer.outcome !== "several") $("code").value = "";
    await refresh();
  } else {
    await alone(scan);
  }
  draw();
}

async function alone(scan) {
  let guest = await known(scan.code);
  if (!guest) {
    const named = fitting(scan.code);
    if (named.length > 1) return say(`${named.length} fit: choose one from the list.`, "wait");
    guest = named[0];
  }
  if (guest && scan.kind === "in" && guest.in) {
    say(`${guest.shown} is in already${guest.since ? ` since ${guest.since}` : ""} (offline list).`, "bad");
    return;
  }
  if (guest) scan.code = guest.ticket;
  queue.push(scan);
  store.set("queue", queue);
  apply(guest, scan.kind);
  store.set("guests", guests);
  $("code").value = "";
  if (guest) say(`${scan.kind === "in" ? "In" : "Out"}: ${guest.shown} (offline, kept for later).`, "good");
  else say("Not on the offline list: kept for later, decide yourself.", "wait");
}

// The server

async function ask(path, told) {
  try {
    const answer = await fetch(path, {
      method: told ? "POST" : "GET",
      headers: told ? { "Content-Type": "application/json" } : {},
      body: told && JSON.stringify(told),
      signal: AbortSignal.timeout(6000),
    });
    if (answer.status === 401 || answer.status === 403) {
      say("You are signed out: open your link again. Nothing that was scanned is lost.", "bad");
      return null;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    isAway = false;
    return await answer.json();
  } catch {
    isAway = true;
    return null;
  }
}

let isSending = false;

async function send() {
  if (isSending) return; // two of us would ask twice for the same
  isSending = true;
  try {
    while (queue.length) {
      const lot = queue.slice(0, 200);
      const answer = await ask(`${base}/merge`, { scans: lot });
      if (!answer) return;
      const sent = new Set(lot.map((scan) => scan.key));
      queue = queue.filter((scan) => !sent.has(scan.key));
      store.set("queue", queue);
      if (answer.conflicts.length) say(answer.conflicts.map((c) => `${c.who}: ${c.outcome}`).join(", "), "bad");
    }
    await refresh();
  } finally {
    isSending = false;
    tell();
  }
}

// The camera, where the browser can read codes by itself

async function look() {
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
      setTimeout(() => { last = ""; }, 4000); // the same ticket held still is one scan
    }
    requestAnimationFrame(tick);
  };
  tick();
  $("camera").onclick = () => {
    view.hidden = true;
    stream.getTracks().forEach((track) => track.stop());
    $("camera").onclick = look;
  };
}

$("name").value = localStorage.getItem("door-name") ?? "";
$("name").addEventListener("change", () => localStorage.setItem("door-name", $("name").value));
$("code").addEventListener("input", draw);
$("scan").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("code").value.trim();
  if (text) move(text, "in");
});
if ("BarcodeDetector" in window && navigator.mediaDevices) {
  $("camera").hidden = false;
  $("camera").onclick = look;
}
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/door/worker.js", { scope: "/door" }).catch(() => {});
addEventListener("online", send);
addEventListener("offline", () => { isAway = true; tell(); });
setInterval(send, 10000);
draw();
send();
