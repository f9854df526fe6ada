// Keeps the unsaved text of an article's form every ten seconds, and shows who else has it open.
// The form works without this script.  Other scripts ask `qsArticleForm` for the form's values.
(() => {
  const KEEP_MS = 10_000;
  const BEAT_MS = 15_000;
  // A session of someone who does nothing has to end after 30 minutes, and each request prolongs it: so a form that
  // nobody touches falls silent.
  const SILENT_AFTER_MS = 5 * 60_000;
  const NAMES = ["title", "column", "summary", "body_html", "cover_asset", "source", "author", "audio_url"];

  const values = (form) => {
    const data = new FormData(form);
    const fields = Object.fromEntries(NAMES.map((name) => [name, String(data.get(name) ?? "")]));
    return { ...fields, pinned: data.get("pinned") !== null };
  };
  window.qsArticleForm = { values };

  const start = () => {
    const bar = document.querySelector("[data-qs-writing]");
    const form = document.getElementById("article_form");
    if (!bar || !form || !form.elements.title) return;
    const texts = bar.dataset;
    const state = bar.querySelector("[data-state]");
    const others = bar.querySelector("[data-others]");
    const token = form.elements.csrfmiddlewaretoken.value;
    let seen = texts.seen || null;
    let kept = JSON.stringify(values(form));
    let stopped = "waits" in texts;
    let busy = false;
    let active = Date.now();

    const say = (place, text) => {
      if (place.textContent !== text) place.textContent = text;
    };
    const post = async (url, body) => {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token },
        body: JSON.stringify(body),
      });
      // Signed out, the answer is the page to sign in.
      if (answer.redirected || answer.status === 403) return { out: true };
      return { ok: answer.ok, ...(await answer.json()) };
    };

    const keep = async () => {
      if (stopped || busy) return;
      const fields = values(form);
      const text = JSON.stringify(fields);
      if (text === kept) return;
      busy = true;
      try {
        const told = await post(texts.autosave, { base_version: Number(texts.version), seen_at: seen, fields });
        if (told.out) say(state, texts.out);
        else if (!told.ok) say(state, told.message);
        else {
          kept = text;
          seen = told.saved_at;
          say(state, `${texts.kept} ${told.time}${told.behind ? ` · ${texts.behind}` : ""}`);
        }
      } catch {
        say(state, texts.failed);
      } finally {
        busy = false;
      }
    };
    const beat = async () => {
      if (document.hidden || Date.now() - active > SILENT_AFTER_MS) return;
      try {
        const told = await post(texts.beat, {});
        if (told.ok) say(others, told.others.length ? `${texts.also} ${told.others.join("；")}` : "");
      } catch {
        say(others, "");
      }
    };

    for (const kind of ["input", "keydown", "pointerdown"]) {
      document.addEventListener(kind, () => (active = Date.now()), { passive: true });
    }
    form.addEventListener("submit", () => (stopped = true));
    document.addEventListener("visibilitychange", () => document.hidden && keep());
    setInterval(keep, KEEP_MS);
    if (texts.beat) {
      beat();
      setInterval(beat, BEAT_MS);
    }
    // The editor writes the body anew when it is ready: that is no change by anyone.
    document.addEventListener("prose-editor:ready", () => {
      setTimeout(() => {
        kept = JSON.stringify({ ...JSON.parse(kept), body_html: values(form).body_html });
      }, 0);
    });
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
