// Proposes the time zone and the currency of a city while it is typed. The server does
// the same with what it is sent.
"use strict";

const options = [...document.querySelectorAll("#cities option")];
const place = document.querySelector("[data-place]");
const currency = document.querySelector("input[data-currency]");
const words = document.querySelector("span[data-zone]");
let isOwn = Boolean(currency?.value); // what a person typed is not replaced

function find(text) {
  const wanted = text.trim().toLowerCase();
  return options.find((option) =>
    [option.value, option.dataset.zone].some((name) => name.toLowerCase() === wanted));
}

function propose() {
  const found = find(place.value);
  words.textContent = found ? `Its time zone is ${found.dataset.zone}.` : "";
  if (!isOwn) currency.value = found ? found.dataset.currency : "";
}

if (place) {
  currency.addEventListener("input", () => { isOwn = Boolean(currency.value); });
  place.addEventListener("input", propose);
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const found = here && find(here);
  if (!place.value && found) place.value = found.value;
  propose();
}
