// Some texts of the prose editor stand in its script in English; all others come from its catalogue.
(() => {
  const texts = () => ({
    "Block style": gettext("Block style"), "Reset all classes": gettext("Reset all classes"),
    Yes: gettext("Yes"), No: gettext("No"),
  });
  // The names of buttons, which show an icon: what stands in them is the icon's name and stays.
  const names = () => ({
    bold: gettext("bold"), italic: gettext("italic"), underline: gettext("underline"), strike: gettext("strike"),
    "heading 2": gettext("heading 2"), "heading 3": gettext("heading 3"), paragraph: gettext("paragraph"),
    "unordered list": gettext("unordered list"), "ordered list": gettext("ordered list"),
    blockquote: gettext("blockquote"), "horizontal rule": gettext("horizontal rule"), undo: gettext("undo"),
    redo: gettext("redo"), "Insert table": gettext("Insert table"), "Add column": gettext("Add column"),
    "Delete column": gettext("Delete column"), "Add row": gettext("Add row"), "Delete row": gettext("Delete row"),
    "Merge cells": gettext("Merge cells"), "Split cell": gettext("Split cell"),
    "Toggle header cell": gettext("Toggle header cell"), "Delete table": gettext("Delete table"),
  });
  const translate = (root) => {
    // An option without a value has its text for one, and the script compares it with the English word.
    for (const option of root.querySelectorAll(".prose-editor-dialog option:not([value])")) option.value = option.text;
    const known = texts();
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.parentElement.closest("[contenteditable]")) continue;
      const text = known[node.textContent.trim()];
      if (text) node.textContent = text;
    }
    const named = names();
    for (const button of root.querySelectorAll("button[title]")) {
      const name = named[button.title];
      if (!name) continue;
      button.title = name;
      button.setAttribute("aria-label", name);
    }
  };
  const watch = () => {
    for (const menu of document.querySelectorAll(".prose-editor, .prose-menubar")) {
      translate(menu);
      new MutationObserver(() => translate(menu)).observe(menu, { childList: true, subtree: true });
    }
  };
  // The editor is ready once its own module was loaded, which can be after the page.
  document.addEventListener("prose-editor:ready", () => setTimeout(watch, 0), { once: true });
})();
