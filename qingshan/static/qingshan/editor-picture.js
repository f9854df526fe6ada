// The editor's button for pictures of the media library: a dialog with a search; what is chosen stands in the text with
// the words it has in the library, its caption as a paragraph below.  The editor's own figure would make <figure>,
// which WeChat does not show.
import { Extension } from "django-prose-editor/editor";

const made = (tag, attributes = {}, children = []) => {
  const node = Object.assign(document.createElement(tag), attributes);
  node.append(...children);
  return node;
};

const content = (picture) => {
  const { src, width, height } = picture;
  const nodes = [{ type: "image", attrs: { src, alt: picture.alt, width, height } }];
  const words = [picture.caption, picture.credit].filter(Boolean).join(" ");
  if (words) {
    nodes.push({ type: "paragraph", attrs: { class: "caption" }, content: [{ type: "text", text: words }] });
  }
  return nodes;
};

const open = (editor, { pickerUrl, texts }) => {
  const found = made("div", { className: "qs-picker-found" });
  const said = made("p", { className: "qs-help" });
  said.setAttribute("role", "status");
  const field = made("input", { type: "search", className: "qs-input", maxLength: 60 });
  const more = made("button", { type: "button", className: "qs-chip", textContent: texts.more, hidden: true });
  const cancel = made("button", { type: "button", className: "qs-chip", textContent: texts.cancel });
  const dialog = made("dialog", { className: "qs-picker" }, [
    made("h3", { textContent: texts.title }),
    made("label", {}, [texts.search, " ", field]),
    said,
    found,
    made("div", {}, [more, " ", cancel]),
  ]);
  let page = 0;
  let asked = 0;

  const choice = (picture) => {
    const words = picture.decorative ? texts.decorative : picture.alt;
    const image = made("img", { src: picture.thumb, alt: "", width: 120, height: 120, loading: "lazy" });
    const button = made("button", { type: "button" }, [
      image,
      made("strong", { textContent: picture.title }),
      made("span", { textContent: words }),
    ]);
    button.addEventListener("click", () => {
      dialog.close();
      editor.chain().focus().insertContent(content(picture)).run();
    });
    return button;
  };
  const load = async (from) => {
    const mine = (asked += 1);
    const query = new URLSearchParams({ q: field.value, page: from });
    try {
      const answer = await fetch(`${pickerUrl}?${query}`);
      const { results, more: goesOn } = await answer.json();
      if (mine !== asked) return;
      page = from;
      const rows = results.map(choice);
      if (from === 0) found.replaceChildren(...rows);
      else found.append(...rows);
      said.textContent = found.children.length ? "" : texts.none;
      more.hidden = !goesOn;
    } catch {
      said.textContent = texts.failed;
    }
  };

  let pause = 0;
  field.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(load, 250, 0);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  more.addEventListener("click", () => load(page + 1));
  cancel.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  load(0);
};

export const Picture = Extension.create({
  name: "picture",

  addOptions() {
    return { pickerUrl: "", texts: {} };
  },

  addMenuItems({ buttons, menu }) {
    menu.defineItem({
      name: "picture",
      groups: "nodes",
      command: (editor) => open(editor, this.options),
      button: buttons.material("image", this.options.texts.title),
    });
  },
});
