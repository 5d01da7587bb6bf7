// Fills in what was typed before the session ended. Secrets were not kept.
"use strict";

const kept = document.getElementById("kept");
const values = JSON.parse(kept.dataset.fields);
const form = [...document.forms].find(
  (one) => one.getAttribute("action") === kept.dataset.action);
const skipped = ["hidden", "password", "file", "submit", "button"];

for (const field of form ? form.elements : []) {
  if (!field.name || skipped.includes(field.type)) continue;
  const given = values[field.name] || [];
  if (field.type === "checkbox" || field.type === "radio") {
    field.checked = given.includes(field.value);
  } else if (given.length) {
    field.value = given.shift();
  }
  const folded = field.closest("details");
  if (folded && field.value) folded.open = true;
}
