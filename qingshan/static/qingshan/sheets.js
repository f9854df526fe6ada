// Shows how far an import is, and loads the page anew once nobody works at it any more.  Without it staff reload by hand.
"use strict";
const PAUSE_MS = 2000;
for (const place of document.querySelectorAll("[data-qs-progress]")) {
  const bar = place.querySelector("progress");
  const count = place.querySelector("[data-qs-count]");
  const state = document.querySelector("[data-qs-state]");
  const ask = async () => {
    try {
      const answer = await fetch(place.dataset.qsProgress, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const told = await answer.json();
        if (!told.working) {
          window.location.reload();
          return;
        }
        bar.value = told.percent;
        count.textContent = `${told.compared} / ${told.lines}`;
        state.textContent = told.state;
      }
    } catch {
      // The network blinks: the next question comes all the same.
    }
    window.setTimeout(ask, PAUSE_MS);
  };
  window.setTimeout(ask, PAUSE_MS);
}
