// Puts a reply template into its text field and says what is still to be filled in.  Without it staff type by hand;
// the server refuses a text with something open in any case.
"use strict";
for (const choice of document.querySelectorAll("select[data-qs-template]")) {
  const form = choice.form;
  const text = form.querySelector("textarea[name=text], textarea[name=reason]");
  const note = form.querySelector("[data-qs-open]");
  const show = () => {
    const open = [...new Set([...text.value.matchAll(/\{\{\s*([^{}]{0,40}?)\s*\}\}/g)].map((found) => found[1]))];
    note.hidden = open.length === 0;
    note.querySelector("span").textContent = open.join("、");
  };
  choice.addEventListener("change", () => {
    const chosen = choice.selectedOptions[0];
    if (chosen.dataset.text === undefined) return;
    text.value = chosen.dataset.text;
    for (const [name, value] of [["template_id", chosen.value], ["template_version", chosen.dataset.version]]) {
      const field = form.querySelector(`input[name=${name}]`);
      if (field) field.value = value;
    }
    show();
    text.focus();
  });
  text.addEventListener("input", show);
}
