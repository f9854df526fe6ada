// The media library: a click on a picture sets its focal point; several files are sent one after the other, each with
// words of its own, so that one that is refused does not take the others with it.  Without it staff type the two
// numbers and add pictures one by one.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const focal = document.querySelector("[data-qs-focal]");
  const [x, y] = ["id_focal_x", "id_focal_y"].map((id) => document.getElementById(id));
  if (focal && x && y) {
    const [picture, mark] = focal.children;
    const show = () => {
      mark.style.left = `${100 * x.value}%`;
      mark.style.top = `${100 * y.value}%`;
    };
    focal.addEventListener("click", (event) => {
      const box = picture.getBoundingClientRect();
      const inside = (part) => Math.min(Math.max(part, 0), 1).toFixed(2);
      x.value = inside((event.clientX - box.left) / box.width);
      y.value = inside((event.clientY - box.top) / box.height);
      show();
    });
    for (const field of [x, y]) field.addEventListener("input", show);
    show();
  }

  const several = document.querySelector("[data-qs-several]");
  if (!several) return;
  const rows = several.querySelector("[data-rows]");
  const send = several.querySelector("[data-send]");
  const row = document.getElementById("several-row").content.firstElementChild;
  const files = new Map();

  several.querySelector("input[type=file]").addEventListener("change", (event) => {
    for (const file of event.target.files) {
      const form = row.cloneNode(true);
      form.elements.title.value = file.name.replace(/\.[^.]*$/, "").slice(0, 120);
      // As data: and not as blob:, which the desk's Content-Security-Policy does not let in.
      const reader = new FileReader();
      reader.addEventListener("load", () => { form.querySelector("img").src = reader.result; });
      reader.readAsDataURL(file);
      files.set(form, file);
      rows.append(form);
    }
    event.target.value = "";
    send.hidden = files.size === 0;
  });

  const keep = async (form) => {
    const body = new FormData(form);
    body.append("file", files.get(form));
    const token = several.querySelector("input[name=csrfmiddlewaretoken]").value;
    const result = form.querySelector("[data-result]");
    try {
      const answer = await fetch(several.dataset.url, { method: "POST", body, headers: { "X-CSRFToken": token } });
      const said = await answer.json();
      result.className = answer.ok ? "qs-fine" : "qs-error";
      result.textContent = answer.ok ? several.dataset.done : said.message;
      if (!answer.ok) return;
      files.delete(form);
      for (const field of form.elements) field.disabled = true;
    } catch {
      result.className = "qs-error";
      result.textContent = several.dataset.failed;
    }
  };

  send.querySelector("button").addEventListener("click", async (event) => {
    event.preventDefault();
    event.currentTarget.disabled = true;
    const before = files.size;
    for (const form of [...files.keys()]) await keep(form);
    several.querySelector("[data-said]").textContent = `${before - files.size} / ${before}`;
    send.querySelector("button").disabled = false;
    send.hidden = files.size === 0;
  });
});
