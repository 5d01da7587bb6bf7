// Counts what is ticked, and takes the keys of the matching screen for the night that has
// the focus: 1 to 9 tick, "a" is the same for all, "n" none of your shows. Enter in a
// search links that night to what was found. A button ticks every night of a production.
"use strict";

{
  const form = document.querySelector("#match");
  const count = () => {
    const ticked = form.querySelectorAll("input[name=pair]:checked").length;
    document.querySelector("#ticked").textContent = ticked.toLocaleString("en");
  };

  function press(event) {
    const night = document.activeElement?.closest(".night");
    const isTyping = document.activeElement?.matches("input:not([type=checkbox])");
    if (night && isTyping && event.key === "Enter") {
      event.preventDefault();
      night.querySelector("button[name=night][formaction='/matching/night']").click();
    }
    if (!night || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^[1-9]$/.test(event.key)) night.querySelectorAll("input[name=pair]")[event.key - 1]?.click();
    else if (event.key === "a") night.querySelector(".acts > button[name=same]")?.click();
    else if (event.key === "n") night.querySelector(".acts > button.quiet")?.click();
  }

  function tickAll(event) {
    const boxes = event.target.closest("section").querySelectorAll("input[name=pair]");
    for (const box of boxes) box.checked = true;
    count();
  }

  if (form && document.querySelector("#ticked")) {
    for (const button of form.querySelectorAll("[data-tick-all]")) {
      button.hidden = false;
      button.addEventListener("click", tickAll);
    }
    form.addEventListener("change", count);
    document.addEventListener("keydown", press);
    count();
  }
}
