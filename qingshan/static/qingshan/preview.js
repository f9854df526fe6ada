// The preview beside an article's form: what stands in the fields as a phone shows it, anew after a pause of typing.
(() => {
  const PAUSE_MS = 1000;

  const start = () => {
    const toggle = document.getElementById("preview-toggle");
    const panel = document.getElementById("preview-panel");
    const form = document.getElementById("article_form");
    if (!toggle || !panel || !form || !form.elements.title) return;
    const place = panel.querySelector("[data-place]");
    const said = panel.querySelector("[data-said]");
    let pause = 0;
    let asked = 0;
    let shown = "";

    const show = (html) => {
      // A new frame each time: loading into the old one would add a step to the browser's history.
      const before = place.querySelector("iframe");
      const frame = document.createElement("iframe");
      frame.title = panel.dataset.frame;
      // Nothing runs in it; the same origin is there only so that the place in the text can be kept.
      frame.setAttribute("sandbox", "allow-same-origin");
      frame.addEventListener("load", () => {
        frame.contentWindow.scrollTo(0, before?.contentWindow?.scrollY ?? 0);
        before?.remove();
      });
      frame.srcdoc = html;
      place.append(frame);
    };
    const load = async () => {
      if (panel.hidden) return;
      const values = window.qsArticleForm.values(form);
      const text = JSON.stringify(values);
      if (text === shown) return;
      const mine = (asked += 1);
      const body = new URLSearchParams({ ...values, pinned: values.pinned ? "on" : "" });
      body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
      try {
        const answer = await fetch(toggle.dataset.url, { method: "POST", body });
        if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
        const html = await answer.text();
        if (mine !== asked) return;
        shown = text;
        said.textContent = "";
        show(html);
      } catch {
        if (mine === asked) said.textContent = panel.dataset.failed;
      }
    };
    const later = () => {
      clearTimeout(pause);
      pause = setTimeout(load, PAUSE_MS);
    };
    const open = (opened) => {
      panel.hidden = !opened;
      document.body.classList.toggle("qs-previewing", opened);
      toggle.setAttribute("aria-expanded", String(opened));
      if (opened) load();
    };

    toggle.hidden = false;
    toggle.addEventListener("click", () => open(panel.hidden));
    panel.querySelector("[data-close]").addEventListener("click", () => {
      open(false);
      toggle.focus();
    });
    // Buttons of the editor change the text without an event of the form's.
    for (const kind of ["input", "change", "click"]) form.addEventListener(kind, later);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
