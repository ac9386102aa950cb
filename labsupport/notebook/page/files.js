// A layer's files as a tree. Folders are asked for when they are opened, long ones piece by piece: 400,000 files are no
// more work for the page than 40. The keys are those of a tree (WAI-ARIA Authoring Practices, "Tree View").

const CHANGES = { A: "added", M: "changed", D: "removed" };

// ask(question) sends {folder, wanted, order, changes, start}; answer(content) takes what comes back.
function filesView(ask) {
  const filter = make("input", { type: "search", placeholder: "part of a path", "aria-label": "Only paths that contain" });
  const order = make("select", { "aria-label": "Order of files" }, make("option", { value: "size" }, "largest first"), make("option", { value: "name" }, "by name"));
  const only = make("input", { type: "checkbox" });
  only.checked = true;
  const told = make("p", { role: "status" }, "Reading the files.");
  const tree = make("ul", { class: "lx-tree", role: "tree", "aria-label": "Files" });
  const node = make("div", { class: "lx-files" },
    make("div", { class: "lx-tools" }, filter, order, make("label", {}, only, "only what this layer changed")), told, tree);
  let waiting = null;

  const question = (folder, start) => ({ folder, start, wanted: filter.value, order: order.value, changes: only.checked });
  const restart = () => { ask(question("", 0)); };
  filter.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(restart, 250); });
  order.addEventListener("change", restart);
  only.addEventListener("change", restart);

  function item(file, level) {
    const folder = file.kind === "folder" && !filter.value;
    const change = CHANGES[file.change] ? make("b", { class: `lx-c lx-c-${file.change}`, title: CHANGES[file.change] }, file.change) : make("b", { class: "lx-c" });
    const path = filter.value ? `/${file.path}` : file.name + (file.kind === "folder" ? "/" : "");
    const notes = [file.link && `→ ${file.link}`, file.fate, folder && count(file.files, "file")].filter(Boolean).join(", ");
    const line = make("div", { class: "lx-line-of", style: `padding-left:${(level - 1) * 14}px`, title: [`/${file.path}`, file.mode, file.owner].filter(Boolean).join("  ") },
      make("i", { class: "lx-open", "aria-hidden": "true" }), change, make("span", { class: "lx-n" }, file.size === null ? "" : size(file.size)),
      make("span", { class: "lx-path" }, soft(path), notes ? make("small", {}, ` ${notes}`) : null));
    const words = [path, file.size === null ? null : size(file.size), CHANGES[file.change], notes].filter(Boolean).join(", ");
    return make("li", { role: "treeitem", tabindex: "-1", "aria-level": level, "aria-label": words, "data-folder": folder ? file.path : null, "aria-expanded": folder ? "false" : null }, line);
  }

  function answer(content) {
    const top = !content.folder;
    const parent = top ? null : tree.querySelector(`li[data-folder="${CSS.escape(content.folder)}"]`);
    if (!top && !parent) return;
    const level = top ? 1 : Number(parent.getAttribute("aria-level")) + 1;
    let list = top ? tree : parent.querySelector(":scope > ul");
    if (!list) { list = make("ul", { role: "group" }); parent.append(list); }
    const more = list.querySelector(":scope > .lx-more");
    const had = more && more.contains(document.activeElement);
    if (content.start === 0) list.replaceChildren(); else if (more) more.remove();
    const items = content.files.map((file) => item(file, level));
    list.append(...items);
    const shown = content.start + content.files.length;
    if (shown < content.count) {
      const next = () => ask(question(content.folder, shown));
      list.append(make("li", { class: "lx-more", role: "none" }, make("button", { type: "button", onclick: next }, `Show more: ${shown.toLocaleString("en")} of ${content.count.toLocaleString("en")} are shown`)));
    }
    if (had && items.length) moveTo(items[0]);
    if (top) {
      told.textContent = content.wanted
        ? (shown < content.count ? `The first ${shown.toLocaleString("en")} of ${count(content.count, "path")} with “${content.wanted}”.` : `${count(content.count, "path")} with “${content.wanted}”.`)
        : content.summary;
      if (items.length && !tree.querySelector('li[tabindex="0"]')) items[0].tabIndex = 0;
    }
  }

  function moveTo(target) {
    tree.querySelectorAll('li[tabindex="0"]').forEach((other) => { other.tabIndex = -1; });
    target.tabIndex = 0;
    target.focus();
    target.querySelector(".lx-line-of").scrollIntoView({ block: "nearest" });
  }

  function toggle(target) {
    const open = target.getAttribute("aria-expanded") === "true";
    target.setAttribute("aria-expanded", String(!open));
    const list = target.querySelector(":scope > ul");
    if (list) list.hidden = open;
    else if (!open) ask(question(target.dataset.folder, 0));
  }

  tree.addEventListener("click", (event) => {
    const target = event.target.closest("li[role=treeitem]");
    if (!target || event.target.closest("button")) return;
    moveTo(target);
    if (target.dataset.folder) toggle(target);
  });
  tree.addEventListener("keydown", (event) => {
    const target = event.target.closest("li[role=treeitem]");
    if (!target || event.target.tagName === "BUTTON") return;
    const all = [...tree.querySelectorAll("li[role=treeitem]")].filter((one) => !one.closest("ul[hidden]"));
    const at = all.indexOf(target), open = target.getAttribute("aria-expanded");
    let to = null;
    if (event.key === "ArrowDown") to = all[at + 1];
    else if (event.key === "ArrowUp") to = all[at - 1];
    else if (event.key === "Home") to = all[0];
    else if (event.key === "End") to = all[all.length - 1];
    else if (event.key === "ArrowRight") { if (open === "false") toggle(target); else if (open) to = all[at + 1]; }
    else if (event.key === "ArrowLeft") { if (open === "true") toggle(target); else to = target.parentElement.closest("li"); }
    else if (event.key === "Enter" || event.key === " ") { if (open) toggle(target); }
    else return;
    event.preventDefault();
    if (to) moveTo(to);
  });
  return { node, answer, restart };
}
