// Names for what scripts build beside a form's own fields: a screen reader says what the label says.
(() => {
  const labelOf = (id) => document.querySelector(`label[for="${CSS.escape(id)}"]`)?.textContent.replace("*", "").trim();
  const name = () => {
    for (const select of document.querySelectorAll("select.select2-hidden-accessible[id]")) {
      const label = labelOf(select.id) || select.getAttribute("aria-label") || select.title;
      const box = select.nextElementSibling;
      if (!label || !box) continue;
      for (const part of box.querySelectorAll("[role=combobox], [role=textbox], [role=searchbox]")) {
        part.setAttribute("aria-label", label);
        part.removeAttribute("aria-labelledby");
      }
    }
    for (const area of document.querySelectorAll(".ProseMirror[role=textbox]:not([aria-label])")) {
      const field = area.closest(".field-line, .form-row, [class*='field-']")?.querySelector("textarea[id]");
      const label = field && labelOf(field.id);
      if (label) area.setAttribute("aria-label", label);
    }
  };
  addEventListener("load", () => {
    name();
    // Scripts build some of it a moment after the page.
    const watch = new MutationObserver(() => requestAnimationFrame(name));
    watch.observe(document.body, { childList: true, subtree: true });
  });
})();
