// A button that prints the page; it is shown only where it works.
"use strict";
const button = document.getElementById("print");
button.hidden = false;
button.addEventListener("click", () => print());
