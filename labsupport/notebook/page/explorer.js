// Draws what labsupport.notebook.explorer sends. No library. The parts beside this file are put before it, in one text.

function render({ model, el }) {
  let picture = { images: [], layers: [], sums: {}, accounting: "" };
  let chosen = null; // the id of a layer or an image
  let known = null; // chain ids drawn before, to mark new ones
  let files = null; // the tree of the layer that is chosen
  let last = ""; // the picture that is drawn
  const wish = { text: "", order: "family", only: null, without: false };
  const ticked = new Set(); // image ids

  const filter = make("input", { type: "search", placeholder: "part of a name", oninput: () => { wish.text = filter.value; draw(); } });
  const order = make("select", { onchange: () => { wish.order = order.value; draw(); } },
    ...[["family", "family"], ["size", "size"], ["own", "own bytes"], ["newest", "newest"]].map(([value, text]) => make("option", { value }, text)));
  const without = make("input", { type: "checkbox", onchange: () => { wish.without = without.checked; draw(); } });
  const all = make("button", { type: "button", hidden: true, onclick: () => { wish.only = null; draw(); order.focus(); } });
  const search = make("input", { type: "search", placeholder: "/etc/passwd", "aria-label": "Path or part of it" });
  const find = make("button", { type: "submit" }, "Find in all");
  const stop = make("button", { type: "button", hidden: true, onclick: () => model.send({ ask: "cancel" }) }, "Stop");
  const form = make("form", { class: "lx-group" }, make("label", {}, "Path", search), find, stop);
  const key = make("span", { class: "lx-key", "aria-hidden": "true" },
    make("span", {}, make("i", { class: "lx-k-shared" }), "shared by its rows"), make("span", {}, make("i"), "one image's own"),
    make("span", {}, make("i", { class: "lx-k-run" }), "small layers"), make("span", {}, make("i", { class: "lx-k-line" }), "too small for a box"));
  const details = make("div", { class: "lx-details", role: "region", "aria-label": "Details", tabindex: "0" });
  const status = make("span", { role: "status" });
  const when = make("span", {});
  const freed = make("strong", { role: "status" });
  const progress = make("progress", { hidden: true, "aria-label": "Reading files" });
  const trouble = make("div", { class: "lx-trouble", role: "alert", hidden: true });
  const unread = make("div", { class: "lx-trouble", hidden: true });

  const act = {
    layers(ats) { select(picture.layers[ats[0]].c, ats.length > 1 ? aboutRun(picture, ats, act) : aboutLayer(picture, ats[0], act)); },
    image(image) { select(image.id, aboutImage(image)); model.send({ ask: "image", id: image.id }); },
    tick(id, on) { if (on) ticked.add(id); else ticked.delete(id); tellFreed(); },
    only(layer) { wish.only = layer.c; draw(); rows.go(layer.c); },
    go(layer) { if (!rows.go(layer)) { clear(); rows.go(layer); } act.layers([picture.layers.findIndex((one) => one.c === layer)]); },
    files(image, layer) {
      files?.node.remove();
      files = filesView((question) => { busy("Reading files"); model.send({ ask: "files", id: image.id, layer: layer.c, ...question }); });
      details.append(files.node);
      files.restart();
    },
  };
  const rows = rowsView(act);
  const root = make("div", { class: "lx" }, make("div", { class: "lx-in" },
    make("div", { class: "lx-bar" },
      make("span", { class: "lx-group" }, make("label", {}, "Images", filter), make("label", {}, "sorted by", order), make("label", {}, without, "without what all share"), all),
      form),
    make("div", { class: "lx-main" }, make("div", { class: "lx-left" }, rows.node, key), details), unread, trouble,
    make("div", { class: "lx-status" }, status, when, freed, progress)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (search.value) { busy("Reading the files of all images"); model.send({ ask: "search", path: search.value }); }
  });
  // Jupyter's own single-key shortcuts must not act while the explorer has the focus.
  root.addEventListener("keydown", (event) => event.stopPropagation());
  root.dataset.lmSuppressShortcuts = "true";
  el.replaceChildren(root);
  hint();

  function still(display) {
    document.querySelectorAll(`[data-explorer="${model.get("identity")}"]`).forEach((one) => { one.style.display = display; });
  }

  function draw() {
    const font = nameFont(rows.node);
    const longest = Math.max(60, ...picture.images.map((image) => wide(image.name, font)));
    const names = Math.ceil(Math.min(240, Math.max(110, rows.node.clientWidth * 0.46), 50 + longest));
    const room = Math.max(40, rows.node.clientWidth - names - (rows.node.clientWidth < 420 ? 66 : 96));
    const plan = arrange(picture, wish, room);
    const family = wish.only && picture.layers.find((layer) => layer.c === wish.only);
    if (wish.only && !family) wish.only = null;
    all.hidden = !wish.only;
    all.textContent = `All ${picture.images.length} images`;
    const before = known;
    const fresh = new Set(before ? picture.layers.filter((layer) => !before.has(layer.c)).map((layer) => layer.c) : []);
    rows.draw(plan, picture.layers, names, fresh, ticked);
    rows.node.classList.toggle("lx-none", !plan.rows.length);
    rows.node.dataset.none = picture.images.length ? "No image has such a name." : "";
    root.dataset.drawn = String(Number(root.dataset.drawn || 0) + 1);
  }

  function take() {
    const text = model.get("picture");
    if (!text || text === last) return;
    last = text;
    picture = JSON.parse(text);
    draw();
    known = new Set(picture.layers.map((layer) => layer.c));
    for (const id of [...ticked]) if (!picture.images.some((image) => image.id === id)) ticked.delete(id);
    tellFreed();
    if (chosen && !picture.layers.some((layer) => layer.c === chosen) && !picture.images.some((image) => image.id === chosen)) chosen = null;
    if (!chosen && !details.querySelector("table")) hint();
    still("none");
  }

  function clear() {
    filter.value = wish.text = "";
    wish.only = null;
    draw();
  }

  function select(key, nodes) {
    chosen = key;
    files = null;
    details.replaceChildren(...nodes.filter(Boolean));
    details.scrollTop = 0;
    rows.mark(key);
  }

  function hint() {
    details.replaceChildren(make("p", {}, picture.images.length
      ? "Choose a layer or an image. With the keyboard: tab to the first image, arrows to move, Enter to choose, space to tick images for removal."
      : "No images here yet. Build, pull or load one: it appears by itself."));
  }

  function tellFreed() {
    const on = picture.images.map((image) => ticked.has(image.id));
    const gone = picture.layers.filter((layer) => on.slice(layer.f, layer.l + 1).every(Boolean));
    const words = gone.some((layer) => layer.s === null) ? "at least " : "";
    freed.textContent = ticked.size ? `Removing the ${ticked.size} ticked frees ${words}${size(gone.reduce((sum, layer) => sum + (layer.s || 0), 0))}.` : "";
  }

  function busy(text) {
    progress.hidden = stop.hidden = false;
    progress.removeAttribute("value");
    find.disabled = true;
    complain("");
    status.textContent = text;
  }

  function idle() {
    progress.hidden = stop.hidden = true;
    find.disabled = false;
    status.textContent = model.get("status");
  }

  // What went wrong stays until something else is asked for, or the engine answers again.
  function complain(text) {
    const words = text || model.get("trouble");
    if (trouble.textContent !== words) trouble.textContent = words;
    trouble.hidden = !words;
  }

  function tellUnread() {
    const told = JSON.parse(model.get("unread") || "[]");
    unread.hidden = !told.length;
    if (!told.length) { unread.replaceChildren(); return; }
    unread.replaceChildren(make("details", { open: told.length < 4 }, make("summary", {}, `${told.length} could not be read`),
      make("ul", {}, ...told.map(([name, why]) => make("li", {}, make("b", {}, soft(name)), ": ", soft(why))))));
  }

  function message(content) {
    if (content.progress !== undefined) { progress.max = content.of || 1; progress.value = content.progress; return; }
    if (content.problem) { idle(); complain(content.problem); return; }
    if (content.image && chosen === content.image.id) select(content.image.id, aboutImage(content.image));
    if (content.files) {
      idle();
      if (!files || chosen !== content.layer) return;
      files.answer(content);
      if (!content.folder && !content.start) details.scrollTop = files.node.offsetTop - details.offsetTop - 40;
    }
    if (content.found) { idle(); select(null, aboutFound(content, act)); }
  }

  // A text that is set anew is read aloud anew, even when it is the same.
  const say = (node, words) => { if (node.textContent !== words) node.textContent = words; };
  const onStatus = () => {
    if (progress.hidden) say(status, model.get("status"));
    say(when, model.get("as_of"));
  };
  const onTrouble = () => complain("");
  const heard = { "change:picture": take, "change:status": onStatus, "change:as_of": onStatus, "change:trouble": onTrouble, "change:unread": tellUnread, "msg:custom": message };
  for (const [name, call] of Object.entries(heard)) model.on(name, call);
  let seen = 0;
  const resized = new ResizeObserver(() => { if (Math.abs(rows.node.clientWidth - seen) > 2) { seen = rows.node.clientWidth; if (last) draw(); } });
  resized.observe(rows.node);
  onStatus();
  onTrouble();
  tellUnread();
  take();
  return () => {
    resized.disconnect();
    for (const [name, call] of Object.entries(heard)) model.off(name, call);
    still("");
  };
}

export default { render };
