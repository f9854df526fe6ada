// Two texts of the prose editor's paragraph menu stand in its script in English; all others come from its catalogue.
(() => {
  const words = () => ({ "Block style": gettext("Block style"), "Reset all classes": gettext("Reset all classes") });
  const translate = (root) => {
    const known = words();
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = known[node.textContent.trim()];
      if (text) node.textContent = text;
    }
  };
  const watch = () => {
    for (const menu of document.querySelectorAll(".prose-editor, .prose-menubar")) {
      translate(menu);
      new MutationObserver(() => translate(menu)).observe(menu, { childList: true, subtree: true });
    }
  };
  window.addEventListener("load", () => setTimeout(watch, 0));
})();
