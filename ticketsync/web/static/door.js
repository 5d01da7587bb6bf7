// The door page: scan, search, check in, count. Without a network it works on the stored
// guest list, queues the scans, and sends them when the server is back.
"use strict";

const root = document.getElementById("door");
const show = root.dataset.show;
const base = `/door/${show}`;
const $ = (id) => document.getElementById(id);
const store = {
  get: (name, other, id = show) => JSON.parse(localStorage.getItem(`${name}-${id}`) ?? JSON.stringify(other)),
  set: (name, value, id = show) => window.isLeaving || localStorage.setItem(`${name}-${id}`, JSON.stringify(value)),
};
const device = localStorage.getItem("device") ?? random();
localStorage.setItem("device", device);

// Stored for each show: `queue` (scans until the server has confirmed them), `aside` (scans
// that the server does not accept), `notes` (what a merge found), `guests`, `keep-until`.
let guests = store.get("guests", []);
let areListed = store.get("guests", null) !== null; // until then the server's counts stand
let fault = ""; // "", "offline", "signed-out", "foreign-origin", or the server's error, such as "error 500"
let foreign = ""; // why the server takes nothing from this page's address
const SIGNED_OUT = "You are signed out: open your link again. No scans are lost.";
const TEMPORARY = [408, 425, 429, 502, 503, 504]; // the server, not what was sent to it

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
  if (text && $("sound").checked) beep(tone);
}

let speaker;

// One high tone for good, two low ones for everything else.
function beep(tone) {
  speaker ??= new AudioContext();
  const [pitch, times] = tone === "good" ? [880, 1] : [220, 2];
  for (let n = 0; n < times; n++) {
    const sound = speaker.createOscillator();
    sound.frequency.value = pitch;
    sound.connect(speaker.destination);
    sound.start(speaker.currentTime + 0.2 * n);
    sound.stop(speaker.currentTime + 0.2 * n + 0.12);
  }
}

const written = (number) => number.toLocaleString("en");

function showStatus() {
  const number = store.get("queue", []).length;
  const waiting = number ? `${written(number)} saved offline, waiting for the server.` : "";
  const state = { "": "", "offline": "Offline. ", "signed-out": "Signed out. ", "foreign-origin": `${foreign} ` }[fault];
  $("line").textContent = (state ?? `The server answers with ${fault}. `) + waiting;
  if (!areListed) return;
  $("in").textContent = written(guests.filter((g) => g.in).length);
  $("of").textContent = written(guests.length);
}

// The guest list

function matching(text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return guests;
  return guests.filter((g) =>
    [g.name, g.order, g.ticket, g.seat ?? ""].some((value) => value.toLowerCase().includes(wanted)));
}

// The guests of one order come together, where the first of them stands in the list.
function parties(list) {
  const found = new Map();
  for (const guest of list) {
    const key = JSON.stringify([guest.account, guest.order || guest.ticket, !guest.order]);
    found.set(key, [...(found.get(key) ?? []), guest]);
  }
  return [...found.values()];
}

// The parties with a guest who is looked for, whole: the server lets in a whole order.
function shownParties() {
  const wanted = new Set(matching($("code").value));
  let number = 0; // of guests
  return parties(guests)
    .filter((party) => party.some((guest) => wanted.has(guest)))
    .filter((party) => (number += party.length) - party.length < 300);
}

// Said only where typing has stopped: a scanner types its code, letter by letter.
const PAUSE = 500;
let pause = null;

function sayWhetherFound(number) {
  const text = $("code").value.trim();
  const words = number || !text || !areListed ? "" : `No guest of this show matches “${text}”. Try fewer letters, the surname or the order number, or scan the code.`;
  clearTimeout(pause);
  if (!words) $("nobody").textContent = "";
  else pause = setTimeout(() => {
    if ($("code").value.trim() === text) $("nobody").textContent = words;
  }, PAUSE);
}

function showGuests() {
  const found = shownParties();
  sayWhetherFound(found.length);
  $("guests").replaceChildren(...found.flatMap((party) =>
    party.length === 1 ? [guestItem(party[0], "alone")] : [partyItem(party), ...party.map((guest) => guestItem(guest, "of-party", party[0].shown))]));
  const note = localStorage.getItem(`names-note-${show}`) ?? "";
  $("names-note").textContent = note;
  $("names-note").hidden = !note;
  showStatus();
}

function listItem(className, name, more, buttons) {
  const item = document.createElement("li");
  item.className = className;
  const who = document.createElement("span");
  who.className = "who";
  who.textContent = name;
  const small = document.createElement("small");
  small.textContent = ` ${more}`;
  who.append(small);
  item.append(who, ...buttons);
  return { item, who };
}

function actButton(text, className, label, act) {
  const button = document.createElement("button");
  button.textContent = text;
  button.className = className;
  button.setAttribute("aria-label", label);
  button.addEventListener("click", act);
  return button;
}

function partyItem(party) {
  const waiting = party.filter((guest) => !guest.in);
  const name = party[0].shown;
  const order = name.includes(party[0].order) ? "" : `, ${party[0].order}`;
  const more = `${party.length} tickets${waiting.length < party.length ? `, ${party.length - waiting.length} in` : ""}${order}`;
  const text = `Let in all ${waiting.length}`;
  const buttons = waiting.length > 1 ? [actButton(text, "main", `${text}: ${name}`, () => letInAll(waiting))] : [];
  return listItem("party", name, more, buttons).item;
}

async function letInAll(waiting) {
  if (fault === "offline") for (const guest of waiting) await move(guest.ticket, "in");
  else await move(waiting[0].order, "in", true);
}

// Below the heading of a party its own name is not repeated for each ticket.
function guestItem(guest, className, heading = "") {
  const isNamed = guest.shown !== heading || !guest.type;
  const ticket = [isNamed && guest.type, guest.seat, guest.free && "free", guest.in && guest.since && `in ${guest.since}`];
  const text = guest.in ? "Undo" : "Let in";
  const { item, who } = listItem(className, isNamed ? guest.shown : guest.type, ticket.filter(Boolean).join(", "), []);
  if (guest.answers) {
    const answers = document.createElement("small");
    answers.className = "answers";
    answers.textContent = guest.answers;
    who.append(answers);
  }
  item.append(actButton(text, guest.in ? "quiet" : "main", `${text}: ${isNamed ? "" : `${heading}, `}${who.textContent}`, () => move(guest.ticket, guest.in ? "out" : "in")));
  return item;
}

async function refresh() {
  const { body } = await request(`${base}/guests`);
  if (!body) return;
  guests = body.guests;
  areListed = true;
  localStorage.setItem(`names-note-${show}`, body.names_note);
  store.set("keep-until", Date.now() + 1000 * body.keep_seconds); // by this device's clock
  for (const scan of [...store.get("queue", []), ...store.get("aside", [])]) { // the server does not have them
    apply(await findGuest(scan.code), scan.kind);
  }
  keepGuests();
  showGuests();
}

function keepGuests() {
  if (store.get("keep-until", 0) > Date.now()) store.set("guests", guests); // of past shows nothing is kept
}

function dropGuests() {
  guests = [];
  for (const name of ["guests", "notes", "keep-until", "names-note"]) localStorage.removeItem(`${name}-${show}`);
  showGuests();
}

// What needs a look: scans that were not accepted, and guests who should not be in

function showAttention() {
  const aside = store.get("aside", []);
  const notes = store.get("notes", []);
  $("notes").replaceChildren(
    ...aside.map((scan) => attentionItem(`${nameOf(scan)}, ${scan.kind} at ${new Date(scan.at).toLocaleTimeString()}: not saved. ${scan.reason}`, "aside", scan.key)),
    ...notes.map((note) => attentionItem(note.text, "notes", note.key)),
  );
  $("attention").hidden = !aside.length && !notes.length;
  $("again").hidden = !aside.length;
}

function attentionItem(text, name, key) {
  const item = document.createElement("li");
  const what = document.createElement("span");
  what.className = "who";
  what.textContent = text;
  const button = document.createElement("button");
  button.className = "quiet";
  button.textContent = "Remove";
  button.setAttribute("aria-label", `Remove: ${text}`);
  button.addEventListener("click", () => {
    store.set(name, store.get(name, []).filter((other) => other.key !== key));
    showAttention();
  });
  item.append(what, button);
  return item;
}

function nameOf(scan) {
  return guests.find((g) => g.ticket === scan.code)?.shown ?? `“${scan.code.slice(0, 60)}”`;
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

// By its code; by its number only where that may be what was read.
async function findGuest(text, camera = false) {
  const wanted = possibleCodes(text);
  const codes = (await Promise.all(wanted.map(digest))).filter(Boolean);
  return guests.find((g) => codes.includes(g.code) || codes.includes(g.second_code)) ??
    guests.find((g) => wanted.includes(g.ticket) && !(camera && g.signed));
}

function apply(guest, kind) {
  if (guest) guest.in = kind === "in";
}

// `camera`: nobody typed the text, so that only codes count in it, and the ticket ids of
// other platforms: anybody can print the number of a ticket that was signed here.
async function move(text, kind, group = false, camera = false) {
  const code = text.trim().slice(0, 500);
  const scan = { code, kind, group, camera, key: random(), at: new Date().toISOString(), door: $("name").value, device };
  $("together").hidden = true;
  const { body, isInvalid, reason } = fault === "offline" ? {} : await request(`${base}/scan`, scan);
  if (isInvalid) { // the server is there and says what is wrong with the scan
    fault = "";
    showMessage(`Not let in: ${reason}`, "bad");
  } else if (body) {
    const tone = { admitted: body.warning ? "wait" : "good", out: "good", several: "wait" }[body.outcome] ?? "bad";
    showMessage(body.message, tone);
    if (body.together) {
      $("together").hidden = false;
      $("together").onclick = () => move(text, kind, true, camera);
    }
    if (body.outcome !== "several") $("code").value = "";
    await refresh();
  } else {
    await scanOffline(scan);
  }
  showGuests();
}

async function scanOffline(scan) {
  let guest = await findGuest(scan.code, scan.camera);
  if (!guest && !scan.camera) {
    const found = matching(scan.code);
    if (found.length > 1) return showMessage(`${found.length} match: choose one from the list.`, "wait");
    guest = found[0];
  }
  if (guest && scan.kind === "in" && guest.in) {
    showMessage(`${guest.shown} is already in${guest.since ? ` since ${guest.since}` : ""} (offline list).`, "bad");
    return;
  }
  if (guest) Object.assign(scan, { code: guest.ticket, camera: false }); // it was found here
  store.set("queue", [...store.get("queue", []), scan]);
  apply(guest, scan.kind);
  keepGuests();
  $("code").value = "";
  sayOffline(scan, guest);
}

function sayOffline(scan, guest) {
  const isError = fault !== "offline" && fault !== "signed-out";
  const why = isError ? `server ${fault}` : "offline";
  if (fault === "signed-out") showMessage(SIGNED_OUT, "bad");
  else if (guest) showMessage(`${scan.kind === "in" ? "In" : "Out"}: ${guest.shown} (${why}, saved for later).`, isError ? "wait" : "good");
  else if (isError) showMessage(`The server answers with ${fault} to this code, and it is not on the list: saved for later, not verified. Your call.`, "bad");
  else showMessage("Not on the offline list: saved for later, not verified. Your call.", "wait");
}

// The server

// The `body` of a good answer. Without one, `isRefused` says that the server is there and
// does not accept this request; `reason` is its message.
async function request(path, payload, seconds = 6) {
  let response;
  try {
    response = await fetch(path, {
      method: payload ? "POST" : "GET",
      headers: payload ? { "Content-Type": "application/json" } : {},
      body: payload && JSON.stringify(payload),
      signal: AbortSignal.timeout(1000 * seconds),
    });
    if (response.ok) {
      const body = await response.json();
      fault = "";
      return { body };
    }
  } catch {
    fault = "offline";
    return {};
  }
  if (response.status === 403 && !path.startsWith(`${base}/`)) return {}; // another show's scans wait for another pass
  if (response.status === 403) {
    const refused = await response.json().catch(() => ({}));
    if (refused.error === "foreign-origin") { // of the settings, not of the pass: the list is kept
      foreign = refused.message;
      if (fault !== refused.error) showMessage(foreign, "bad");
      fault = refused.error;
      return {};
    }
  }
  if (response.status === 401 || response.status === 403) {
    if (fault !== "signed-out") showMessage(SIGNED_OUT, "bad");
    fault = "signed-out";
    dropGuests();
    return {};
  }
  fault = `error ${response.status}`;
  const reason = await response.json().then((answer) => answer.message ?? "", () => "");
  const isInvalid = response.status === 422;
  return { isRefused: !TEMPORARY.includes(response.status), isInvalid, reason: `${reason} (${fault})`.trim() };
}

let isSending = false;
let refusals = 0; // of a batch, one after the other

async function sendQueue() {
  if (isSending) return; // a second one would send the same scans
  isSending = true;
  try {
    for (const id of new Set([show, ...showsWithQueue()])) await sendQueueOf(id);
    if (fault !== "offline" || !store.get("queue", []).length) await refresh();
  } finally {
    isSending = false;
    showStatus();
    showAttention();
  }
}

function showsWithQueue() {
  return Object.keys(localStorage).map((key) => /^queue-(\d+)$/.exec(key)?.[1]).filter(Boolean);
}

async function sendQueueOf(id) {
  for (;;) {
    const batch = store.get("queue", [], id).slice(0, 50);
    if (!batch.length) return;
    const { body, isRefused } = await request(`/door/${id}/merge`, { scans: batch }, 60);
    if (body) {
      refusals = 0;
      settle(id, batch, body);
    } else if (!isRefused || ++refusals < 2 || !(await sendOneByOne(id, batch))) {
      return; // again in ten seconds
    }
  }
}

// After a batch was refused twice: whatever is refused alone too is set aside, so that it
// does not keep the others from the server. Returns whether the batch is done with.
async function sendOneByOne(id, batch) {
  const bad = [];
  for (const scan of batch) {
    const { body, isRefused, reason } = await request(`/door/${id}/merge`, { scans: [scan] });
    if (body) settle(id, [scan], body);
    else if (isRefused) bad.push({ ...scan, reason });
    else return false;
  }
  // Where none is accepted, the server may be broken: then it has no guest list either.
  if (bad.length === batch.length && !(await request(`/door/${id}/guests`)).body) return false;
  setAside(id, bad);
  refusals = 0;
  return true;
}

function settle(id, batch, body) {
  const reasons = new Map((body.refused ?? []).map((item) => [item.key, item.reason]));
  const bad = batch.filter((scan) => reasons.has(scan.key));
  setAside(id, bad.map((scan) => ({ ...scan, reason: reasons.get(scan.key) })));
  removeFromQueue(id, batch);
  if (!body.conflicts.length) return;
  const found = body.conflicts.map((c) => ({ key: random(), text: c.text }));
  store.set("notes", [...store.get("notes", [], id), ...found].slice(-100), id);
  showMessage(found.map((note) => note.text).join(" "), "bad");
}

function setAside(id, scans) {
  if (!scans.length) return;
  store.set("aside", [...store.get("aside", [], id), ...scans], id);
  removeFromQueue(id, scans);
  showMessage(`${scans.length} not accepted by the server: see “Needs a look”.`, "bad");
}

function removeFromQueue(id, scans) {
  const keys = new Set(scans.map((scan) => scan.key));
  store.set("queue", store.get("queue", [], id).filter((scan) => !keys.has(scan.key)), id);
}

// The scans that were set aside, each by itself: perhaps the server has been repaired.
async function sendAside() {
  const aside = store.get("aside", []);
  if (!aside.length) return;
  for (const scan of aside) {
    const { body, isRefused } = await request(`${base}/merge`, { scans: [scan] });
    if (!body && !isRefused) return;
    if (!body || body.refused?.length) continue;
    store.set("aside", store.get("aside", []).filter((other) => other.key !== scan.key));
    settle(show, [], body);
  }
  await refresh();
  showAttention();
}

// The camera. Where the browser has no detector of its own, a bundled one is loaded.

const DECODER = "/static/jsQR.js";
const SAME_TICKET = 4000; // milliseconds: a ticket held in front of the camera is one scan

// What reads the codes in a picture of the camera: a function from the video to its texts.
async function codeReader() {
  const formats = "BarcodeDetector" in window ? await BarcodeDetector.getSupportedFormats().catch(() => []) : [];
  if (formats.includes("qr_code")) {
    const detector = new BarcodeDetector();
    return async (view) => (await detector.detect(view).catch(() => [])).map((found) => found.rawValue);
  }
  if (!window.jsQR) await loadDecoder();
  const canvas = document.createElement("canvas");
  const picture = canvas.getContext("2d", { willReadFrequently: true });
  return async (view) => {
    const scale = Math.min(1, 800 / Math.max(view.videoWidth, view.videoHeight, 1));
    canvas.width = Math.round(view.videoWidth * scale);
    canvas.height = Math.round(view.videoHeight * scale);
    if (!canvas.width || !canvas.height) return [];
    picture.drawImage(view, 0, 0, canvas.width, canvas.height);
    const { data } = picture.getImageData(0, 0, canvas.width, canvas.height);
    const found = jsQR(data, canvas.width, canvas.height);
    return found?.data ? [found.data] : [];
  };
}

function loadDecoder() {
  return new Promise((loaded, failed) => {
    const script = document.createElement("script");
    script.src = DECODER;
    script.onload = loaded;
    script.onerror = () => failed(new Error("the decoder cannot be loaded"));
    document.head.append(script);
  });
}

async function scanWithCamera() {
  const view = $("view");
  let stream;
  let read;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    read = await codeReader();
  } catch (error) {
    stream?.getTracks().forEach((track) => track.stop());
    showMessage(`The camera cannot be used: ${error.message}. Type the name or the code.`, "bad");
    return;
  }
  view.srcObject = stream;
  view.hidden = false;
  await view.play();
  view.scrollIntoView({ block: "nearest" });
  $("camera").textContent = "Close camera";
  $("camera").onclick = () => closeCamera(stream);
  let last = "";
  const tick = async () => {
    if (view.hidden) return;
    const [text] = await read(view);
    if (text && text !== last) {
      last = text;
      await move(text, "in", false, true);
      setTimeout(() => { last = ""; }, SAME_TICKET);
    }
    setTimeout(() => requestAnimationFrame(tick), 60); // a telephone has other things to do
  };
  tick();
}

function closeCamera(stream) {
  $("view").hidden = true;
  $("view").srcObject = null;
  stream.getTracks().forEach((track) => track.stop());
  $("camera").textContent = "Camera";
  $("camera").onclick = scanWithCamera;
}

$("name").value = localStorage.getItem("door-name") ?? "";
$("name").addEventListener("change", () => localStorage.setItem("door-name", $("name").value));
$("sound").checked = localStorage.getItem("door-sound") === "on";
$("sound").addEventListener("change", () => localStorage.setItem("door-sound", $("sound").checked ? "on" : "off"));
$("code").addEventListener("input", showGuests);
$("scan").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("code").value.trim();
  if (text) move(text, "in");
});
if (navigator.mediaDevices) {
  $("camera").hidden = false;
  $("camera").onclick = scanWithCamera;
}
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/door/worker.js", { scope: "/door" }).catch(() => {});
addEventListener("online", sendQueue);
addEventListener("offline", () => { fault = "offline"; showStatus(); });
addEventListener("storage", (event) => { if (event.key === null) location.reload(); }); // signed out in another tab
$("again").addEventListener("click", sendAside);
setInterval(sendQueue, 10000);
showGuests();
showAttention();
sendQueue().then(sendAside);
