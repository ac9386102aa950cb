// Draws what labsupport.notebook.explorer sends. No library; every text goes in as text, never as markup.

const ROW = 24;
const MANY = 1200; // layers
const LEAST = 4; // pixels of a layer too small to see
const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function size(bytes) {
  if (bytes === null || bytes === undefined) return "size not known";
  let value = bytes, unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) { value /= 1000; unit += 1; }
  if (unit === 0) return `${value} B`;
  return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${UNITS[unit]}`;
}

function make(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

const short = (digest) => digest.slice(digest.indexOf(":") + 1).slice(0, 12);

const EVIDENCE = {
  size: "exact", only: "exact", trie: "exact (another image told)", parent: "exact (intermediate image told)",
  config: "exact (image configuration)", rule: "inferred from the instruction's name", unknown: "not known",
};

// Where each layer begins and how wide it is, so that the widest image fits; small layers keep LEAST pixels.
export function place(picture, width) {
  const depth = [], start = [], wide = [];
  const fit = (scale) => {
    let end = 0;
    picture.layers.forEach((layer, at) => {
      const from = layer.p < 0 ? 0 : start[layer.p] + wide[layer.p];
      depth[at] = layer.p < 0 ? 1 : depth[layer.p] + 1;
      start[at] = from;
      wide[at] = Math.max(least, (layer.s || 0) * scale);
      end = Math.max(end, from + wide[at]);
    });
    return end;
  };
  let least = 0;
  const bytes = fit(1) || 1;
  least = Math.min(LEAST, (width * 0.35) / Math.max(1, ...depth));
  let scale = width / bytes;
  for (let pass = 0; pass < 12; pass += 1) {
    const end = fit(scale);
    if (end <= width) break;
    scale *= Math.max(0.5, (width / end) * 0.995);
  }
  return { start, wide };
}

function render({ model, el }) {
  let picture = { images: [], layers: [], sums: {}, accounting: "" };
  let chosen = null; // {kind: "layer" | "image", row, at}
  let placed = null; // where each layer is drawn
  let painted = null; // the rows that exist
  let fresh = new Set(); // layers that were not there before
  let hinting = true; // nothing was asked for yet
  let known = null; // chain ids drawn before, to mark new ones
  const ticked = new Set(); // image ids

  const search = make("input", { type: "search", placeholder: "/etc/passwd", "aria-label": "Path or part of it" });
  const find = make("button", { type: "button" }, "Find in all images");
  const stop = make("button", { type: "button", hidden: true, onclick: () => model.send({ ask: "cancel" }) }, "Stop");
  const rows = make("div", { class: "lx-rows" });
  const scroll = make("div", { class: "lx-scroll", role: "group", "aria-label": "Images and their layers. Arrow keys move, space ticks an image." }, rows);
  const details = make("div", { class: "lx-details", role: "region", "aria-label": "Details", tabindex: "0" });
  const status = make("span", { role: "status" });
  const freed = make("strong", { role: "status" });
  const progress = make("progress", { hidden: true, "aria-label": "Reading files" });
  const form = make("form", { style: "display:contents" }, make("label", {}, "Path", search), find, stop);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (search.value) { busy("Reading the files of all images"); model.send({ ask: "search", path: search.value }); }
  });
  find.type = "submit";
  const key = make("span", { class: "lx-key", "aria-hidden": "true" },
    make("span", {}, make("i", { class: "lx-k-shared" }), "shared by the rows it spans"),
    make("span", {}, make("i"), "one image's own"));
  const root = make("div", { class: "lx" },
    make("div", { class: "lx-bar" }, form, key),
    make("div", { class: "lx-main" }, scroll, details),
    make("div", { class: "lx-status" }, status, freed, progress));
  // Jupyter's own single-key shortcuts must not act while the explorer has the focus.
  root.addEventListener("keydown", (event) => event.stopPropagation());
  root.dataset.lmSuppressShortcuts = "true";
  el.replaceChildren(root);
  hint();

  function hideStill() {
    document.querySelectorAll(`[data-explorer="${model.get("identity")}"]`).forEach((still) => { still.style.display = "none"; });
  }

  function users(layer) {
    return picture.images.filter((image) => image.chain.includes(layer));
  }

  function draw() {
    const text = model.get("picture");
    if (!text) return;
    const focus = document.activeElement && root.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    picture = JSON.parse(text);
    const names = Math.min(220, 60 + 7.2 * Math.max(8, ...picture.images.map((image) => image.name.length)));
    const width = Math.max(160, scroll.clientWidth - names - 84);
    const { start, wide } = place(picture, width);
    const before = known;
    known = new Set(picture.layers.map((layer) => layer.c));
    fresh = new Set(before ? picture.layers.filter((layer) => !before.has(layer.c)).map((layer) => layer.c) : []);
    placed = { start, wide, names };
    rows.style.height = `${Math.max(1, picture.images.length) * ROW}px`;
    painted = null;
    paint();
    for (const id of [...ticked]) if (!picture.images.some((image) => image.id === id)) ticked.delete(id);
    tellFreed();
    const again = focus && rows.querySelector(`[data-key="${CSS.escape(focus)}"]`);
    if (again) moveTo(again);
    if (chosen) reselect();
    else if (hinting) hint();
    hideStill();
    root.dataset.drawn = String(Date.now());
  }

  // Thousands of boxes cost more than the eye sees: beyond MANY only the rows in view, and some around, are made.
  function paint() {
    const all = picture.layers.length <= MANY;
    const top = Math.floor(scroll.scrollTop / ROW), shown = Math.ceil(scroll.clientHeight / ROW) || 20;
    if (painted && top >= painted.from && top + shown <= painted.to) return;
    painted = all ? { from: 0, to: picture.images.length + shown } : { from: top - shown, to: top + 2 * shown };
    const { start, wide, names } = placed;
    const held = rows.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const nodes = [];
    picture.layers.forEach((layer, at) => {
      if (layer.l < painted.from || layer.f > painted.to) return;
      const count = layer.l - layer.f + 1;
      const shared = count > 1;
      const label = `${layer.x || "command not known"}, ${size(layer.s)}`;
      const thin = wide[at] < 26;
      const node = make("div", {
        class: ["lx-layer", shared && "lx-shared", layer.s === null && "lx-unknown", thin && "lx-thin",
          fresh.has(layer.c) && "lx-new"].filter(Boolean).join(" "),
        role: "button", tabindex: "-1", title: label,
        "aria-label": `Layer: ${label}, ${shared ? `shared by ${count} images` : "one image's own"}`,
        "data-key": layer.c, "data-at": at,
        style: `left:${names + start[at]}px;top:${layer.f * ROW + 2}px;width:${Math.max(1.5, wide[at] - 1)}px;height:${count * ROW - 4}px`,
      }, thin ? "" : wide[at] > 150 ? `${size(layer.s)}  ${layer.x}` : wide[at] > 62 ? size(layer.s) : "");
      nodes.push(node);
    });
    picture.images.forEach((image, row) => {
      if (row < painted.from || row > painted.to) return;
      const last = image.chain.length ? image.chain[image.chain.length - 1] : -1;
      const end = last < 0 ? 0 : start[last] + wide[last];
      const total = image.chain.reduce((sum, at) => sum + (picture.layers[at].s || 0), 0);
      const tick = make("input", { type: "checkbox", tabindex: "-1", "aria-label": `Tick ${image.name}` });
      tick.checked = ticked.has(image.id);
      tick.addEventListener("change", () => toggle(image.id, tick.checked));
      const name = make("span", { role: "button", tabindex: "-1", title: image.tags.join(", ") || image.name,
        "data-key": image.id, "data-row": row,
        "aria-label": `Image ${image.name}, ${image.chain.length} layers, ${size(total)}` }, image.name);
      nodes.push(make("div", { class: "lx-name", style: `top:${row * ROW}px;width:${names}px`, "data-row": row }, tick, name));
      nodes.push(make("div", { class: "lx-total", "aria-hidden": "true", style: `top:${row * ROW}px;left:${names + end + 6}px` }, size(total)));
    });
    rows.replaceChildren(...nodes);
    const first = (held && rows.querySelector(`[data-key="${CSS.escape(held)}"]`)) || rows.querySelector(".lx-name span");
    if (first) first.tabIndex = 0;
    if (first && held) first.focus({ preventScroll: true });
    const node = chosen && rows.querySelector(`[data-key="${CSS.escape(chosen.key)}"]`);
    if (node) mark(node);
  }

  // Bring a row into view, and so into being.
  function reach(target) {
    const top = target * ROW;
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    else if (top + ROW > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = top + 2 * ROW - scroll.clientHeight;
    paint();
  }

  function hint() {
    hinting = true;
    details.replaceChildren(make("p", {}, picture.images.length
      ? "Choose a layer or an image. With the keyboard: tab to the first image, arrows to move, Enter to choose, space to tick images for removal."
      : "No images here yet. Build, pull or load one: it appears by itself."));
  }

  function reselect() {
    const there = picture.layers.some((layer) => layer.c === chosen.key) || picture.images.some((image) => image.id === chosen.key);
    if (!there) { chosen = null; hint(); }
  }

  function mark(node) {
    rows.querySelectorAll(".lx-chosen, .lx-user").forEach((other) => other.classList.remove("lx-chosen", "lx-user"));
    if (node.dataset.at !== undefined) {
      node.classList.add("lx-chosen");
      const layer = picture.layers[Number(node.dataset.at)];
      rows.querySelectorAll(".lx-name").forEach((name) => {
        const row = Number(name.dataset.row);
        if (row >= layer.f && row <= layer.l) name.classList.add("lx-user");
      });
    } else node.parentElement.classList.add("lx-chosen");
  }

  function choose(node) {
    chosen = { key: node.dataset.key };
    hinting = false;
    mark(node);
    if (node.dataset.at !== undefined) showLayer(Number(node.dataset.at));
    else { const image = picture.images[Number(node.dataset.row)]; showImage(image); model.send({ ask: "image", id: image.id }); }
  }

  function pairs(...entries) {
    return make("dl", {}, ...entries.filter((entry) => entry[1] !== null).flatMap(([term, text]) => [make("dt", {}, term), make("dd", {}, text)]));
  }

  function showLayer(at) {
    const layer = picture.layers[at];
    const mine = users(at);
    const names = mine.slice(0, 20).map((image) => image.name).join(", ") + (mine.length > 20 ? ` and ${mine.length - 20} more` : "");
    const number = mine[0].chain.indexOf(at) + 1;
    details.replaceChildren(
      make("h4", {}, `Layer ${number}`), make("p", {}, make("code", {}, layer.x || "(command not known)")),
      pairs(["size", layer.s === null ? "not known" : `${size(layer.s)} (${layer.s.toLocaleString("en")} bytes)`],
        ["made by", EVIDENCE[layer.e] || layer.e], ["used by", `${mine.length}: ${names}`],
        ["chain id", short(layer.c)], ["diff id", short(layer.d)]),
      make("button", { type: "button", onclick: () => { busy("Reading files"); model.send({ ask: "files", id: mine[0].id, layer: layer.c }); } }, "Show its files"),
      make("div", { class: "lx-files" }));
  }

  function showImage(image) {
    details.replaceChildren(make("h4", {}, image.tags.join(" = ") || image.name),
      pairs(["layers", String(image.chain.length)], ["platform", image.platform || null], ["note", image.note || null]));
  }

  function tellFreed() {
    if (!ticked.size) { freed.textContent = ""; return; }
    let bytes = 0;
    const rowsTicked = picture.images.map((image) => ticked.has(image.id));
    for (const layer of picture.layers) {
      let all = true;
      for (let row = layer.f; row <= layer.l && all; row += 1) all = rowsTicked[row];
      if (all) bytes += layer.s || 0;
    }
    freed.textContent = `Removing the ${ticked.size} ticked frees ${size(bytes)}.`;
  }

  function toggle(id, on) {
    if (on) ticked.add(id); else ticked.delete(id);
    tellFreed();
  }

  function moveTo(node) {
    rows.querySelectorAll('[tabindex="0"]').forEach((other) => { other.tabIndex = -1; });
    node.tabIndex = 0;
    node.focus({ preventScroll: false });
  }

  const nameOf = (row) => rows.querySelector(`.lx-name span[data-row="${row}"]`);
  const layerOf = (at) => rows.querySelector(`.lx-layer[data-at="${at}"]`);

  let row = 0; // the row the keyboard is on: a shared layer spans several
  rows.addEventListener("keydown", (event) => {
    const node = event.target;
    if (node.tagName === "INPUT") return;
    const at = node.dataset.at === undefined ? -1 : Number(node.dataset.at);
    if (at < 0) row = Number(node.dataset.row);
    else { const layer = picture.layers[at]; row = Math.min(Math.max(row, layer.f), layer.l); }
    const chain = picture.images[row].chain;
    const column = at < 0 ? -1 : chain.indexOf(at);
    let to = null;
    const into = (target) => {
      row = Math.min(Math.max(0, target), picture.images.length - 1);
      reach(row);
      const there = picture.images[row].chain;
      return column < 0 || !there.length ? nameOf(row) : layerOf(there[Math.min(column, there.length - 1)]);
    };
    if (event.key === "ArrowRight" && column + 1 < chain.length) to = layerOf(chain[column + 1]);
    else if (event.key === "ArrowLeft" && column >= 0) to = column ? layerOf(chain[column - 1]) : nameOf(row);
    else if (event.key === "ArrowDown") to = into((at < 0 ? row : picture.layers[at].l) + 1);
    else if (event.key === "ArrowUp") to = into((at < 0 ? row : picture.layers[at].f) - 1);
    else if (event.key === "Home") to = into(0);
    else if (event.key === "End") to = into(picture.images.length - 1);
    else if (event.key === "Escape") to = nameOf(row);
    else if (event.key === "Enter") choose(node);
    else if (event.key === " ") {
      const image = picture.images[row];
      const box = nameOf(row).parentElement.querySelector("input");
      box.checked = !box.checked;
      toggle(image.id, box.checked);
    } else return;
    event.preventDefault();
    if (to) moveTo(to);
  });
  rows.addEventListener("click", (event) => {
    const node = event.target.closest("[data-key]");
    if (node) { moveTo(node); choose(node); }
  });
  scroll.addEventListener("scroll", () => requestAnimationFrame(() => { if (placed) paint(); }));
  rows.addEventListener("pointerover", (event) => {
    const node = event.target.closest(".lx-layer");
    rows.querySelectorAll(".lx-lit").forEach((other) => other.classList.remove("lx-lit"));
    if (node) node.classList.add("lx-lit");
  });

  function busy(text) {
    progress.hidden = stop.hidden = false;
    progress.removeAttribute("value");
    find.disabled = true;
    status.textContent = text;
  }

  function idle() {
    progress.hidden = stop.hidden = true;
    find.disabled = false;
    status.textContent = model.get("status");
  }

  function table(header, lines) {
    return make("table", {}, make("thead", {}, make("tr", {}, ...header.map((text) => make("th", { scope: "col" }, text)))),
      make("tbody", {}, ...lines.map((cells) => make("tr", {}, ...cells.map((cell) => (cell instanceof Node ? make("td", {}, cell)
        : make("td", { class: /^[\d.]+ [kMGT]?B$/.test(cell) ? "lx-n" : /^~?[0-9a-f]{12}$/.test(cell) ? "lx-id" : "" }, cell)))))));
  }

  function message(content) {
    if (content.progress !== undefined) { progress.max = content.of || 1; progress.value = content.progress; return; }
    if (content.problem) { idle(); status.textContent = content.problem; return; }
    if (content.image) {
      const image = content.image;
      if (!chosen || chosen.key !== image.id) return;
      details.replaceChildren(make("h4", {}, image.name),
        pairs(["size", size(image.total)], ["shared", size(image.shared)], ["its own", size(image.unique)],
          ["fair share", `${size(Math.round(image.fair))} (each layer split among its users)`],
          ["platform", image.platform || null], ["note", image.note || null],
          ["unknown", image.unknown ? `${image.unknown} layers of unknown size are not counted` : null]),
        make("h4", {}, "History, oldest first"),
        image.steps.some((step) => step.evidence.startsWith("inferred"))
          ? make("p", {}, "~ inferred from the instruction's name; “Show its files” on a layer makes it exact.") : "",
        table(["bytes", "layer", "instruction"], image.steps.map((step) => [
          step.empty === null ? "?" : step.empty ? "" : size(step.size),
          (step.evidence.startsWith("inferred") ? "~" : "") + (step.empty === null ? "not known" : step.empty ? "no layer" : step.layer),
          make("span", { title: step.evidence }, step.command)])));
    }
    if (content.files) {
      idle();
      const box = details.querySelector(".lx-files");
      if (!box || !chosen || chosen.key !== content.layer) return;
      const more = content.count > content.files.length ? `The largest ${content.files.length} of ${content.count}.` : `${content.count} ${content.count === 1 ? "entry" : "entries"}.`;
      box.replaceChildren(make("p", {}, `${more} A added, M changed, D removed.`),
        table(["", "path", "bytes", "mode", "owner"], content.files.map((file) => [
          file.change, file.path + (file.fate ? ` (${file.fate})` : ""), size(file.size), file.mode, file.owner])));
    }
    if (content.found) {
      idle();
      chosen = null;
      hinting = false;
      rows.querySelectorAll(".lx-chosen, .lx-user").forEach((other) => other.classList.remove("lx-chosen", "lx-user"));
      const go = (found) => make("button", { type: "button", onclick: () => {
        const layer = picture.layers.find((one) => one.c === found.layer);
        if (layer) reach(layer.f);
        const node = rows.querySelector(`[data-key="${CSS.escape(found.layer)}"]`);
        if (node) { moveTo(node); choose(node); } } }, `layer ${found.number}`);
      details.replaceChildren(make("h4", {}, `${content.count} found for "${content.path}"`),
        table(["image", "where", "path", "bytes"], content.found.map((found) => [found.image, go(found),
          found.path + (found.fate === "visible" ? "" : ` (${found.fate} later)`), size(found.size)])));
    }
  }

  const onStatus = () => { if (progress.hidden) status.textContent = model.get("status"); };
  model.on("change:picture", draw);
  model.on("change:status", onStatus);
  model.on("msg:custom", message);
  let seen = 0;
  const resized = new ResizeObserver(() => { if (Math.abs(scroll.clientWidth - seen) > 2) { seen = scroll.clientWidth; draw(); } });
  resized.observe(scroll);
  onStatus();
  return () => {
    resized.disconnect();
    model.off("change:picture", draw);
    model.off("change:status", onStatus);
    model.off("msg:custom", message);
    document.querySelectorAll(`[data-explorer="${model.get("identity")}"]`).forEach((still) => { still.style.display = ""; });
  };
}

export default { render };
