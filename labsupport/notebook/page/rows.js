// The rows: names at the left, layers to scale, one box over all rows that share a layer. Only what is in view exists.

const ROW = 24, AXIS = 20;

// Names of chosen images are bold: they have to fit then, too.
const nameFont = (node) => `700 13px ${getComputedStyle(node).fontFamily}`;

function rowsView(act) {
  const rows = make("div", { class: "lx-rows" });
  const axis = make("div", { class: "lx-axis", "aria-hidden": "true" });
  const whole = make("div", { class: "lx-whole", "aria-hidden": "true", hidden: true });
  const node = make("div", { class: "lx-scroll", role: "group",
    "aria-label": "Images and their layers. Arrow keys move, Enter chooses, space ticks an image." }, axis, rows);
  let plan = { rows: [], bands: [], scale: 0, origin: 0, longest: 0 }, layers = [], names = 0, painted = null;
  let fresh = new Set(), ticked = new Set(), chosen = null, row = 0, font = "";

  const find = (key) => rows.querySelector(`[data-key="${CSS.escape(key)}"]`);
  const nameAt = (number) => rows.querySelector(`.lx-name span[data-row="${number}"]`);
  const keyOf = (band) => `${layers[band.ats[0]].c}${band.again ? `@${band.from}` : ""}`;

  function box(band, number) {
    const many = band.ats.length > 1, layer = layers[band.ats[0]], users = layer.l - layer.f + 1;
    const made = many ? `${band.ats.length} small layers` : layer.x || "command not known";
    const weight = band.known ? size(band.bytes) : "size not known";
    const line = band.wide < BOX;
    const kinds = ["lx-layer", users > 1 && "lx-shared", !band.known && "lx-unknown", line && "lx-line", many && "lx-run",
      band.wide < 26 && "lx-thin", band.ats.some((at) => fresh.has(layers[at].c)) && "lx-new"];
    const label = `${made}, ${weight}`;
    const text = band.wide > 150 ? `${weight}  ${made}` : band.wide > 66 ? weight : "";
    return make("div", {
      class: kinds.filter(Boolean).join(" "), role: "button", tabindex: "-1", title: label,
      "aria-label": `Layer: ${label}, ${users > 1 ? `shared by ${users} images` : "one image's own"}`,
      "data-key": keyOf(band), "data-band": number, "data-bytes": band.bytes, "data-start": band.start,
      style: `left:${names + band.left}px;top:${band.from * ROW + (line ? 0 : 2)}px;width:${line ? 1 : band.wide}px;`
        + `height:${(band.to - band.from + 1) * ROW - (line ? 0 : 4)}px`,
    }, text ? make("span", {}, text) : null);
  }

  function nameOf(one, number) {
    const tick = make("input", { type: "checkbox", tabindex: "-1", "aria-label": `Tick ${one.image.name}` });
    tick.checked = ticked.has(one.image.id);
    tick.addEventListener("change", () => act.tick(one.image.id, tick.checked));
    const full = one.image.tags.join(", ") || one.image.name;
    const told = `${one.unknown ? "at least " : ""}${size(one.total)}`;
    const text = make("span", { role: "button", tabindex: "-1", title: full, "data-key": one.image.id, "data-row": number,
      "aria-label": `Image ${one.image.name}, ${count(one.image.chain.length, "layer")}, ${told}` },
    middle(one.image.name, names - 46, font));
    const end = names + Math.max(0, (one.total - plan.origin) * plan.scale) + 6;
    return [
      make("div", { class: "lx-name", style: `top:${number * ROW}px;width:${names}px`, "data-row": number }, tick, text),
      make("div", { class: "lx-total", "aria-hidden": "true", style: `top:${number * ROW}px;left:${end}px` }, told),
    ];
  }

  function paint() {
    const top = Math.floor(node.scrollTop / ROW), shown = Math.ceil(node.clientHeight / ROW) || 20;
    if (painted && top >= painted.from && top + shown <= painted.to) return;
    painted = { from: top - 2 * shown, to: top + 3 * shown };
    const held = rows.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const nodes = plan.bands.flatMap((band, number) => (band.to < painted.from || band.from > painted.to ? [] : [box(band, number)]));
    plan.rows.forEach((one, number) => { if (number >= painted.from && number <= painted.to) nodes.push(...nameOf(one, number)); });
    rows.replaceChildren(...nodes, whole);
    const first = (held && find(held)) || rows.querySelector(".lx-name span");
    if (first) first.tabIndex = 0;
    if (first && held) first.focus({ preventScroll: true });
    mark(chosen);
  }

  // now: the arranged rows; told: all layers; room: pixels for names; marked: layers that are new; boxes: ids ticked.
  function draw(now, told, room, marked, boxes) {
    const held = rows.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const seen = new Set();
    [plan, layers, names, fresh, ticked, font] = [now, told, room, marked, boxes, nameFont(node)];
    for (const band of plan.bands) { band.again = seen.has(band.ats[0]); seen.add(band.ats[0]); }
    rows.style.height = `${Math.max(1, plan.rows.length) * ROW}px`;
    axis.replaceChildren(...ticks(plan.longest, plan.scale, plan.origin).map((bytes) => make("span", {
      style: `left:${names + (bytes - plan.origin) * plan.scale}px` }, size(bytes))));
    painted = null;
    paint();
    const again = held && find(held);
    if (again) moveTo(again);
  }

  function reach(target) {
    const top = target * ROW, high = node.clientHeight - AXIS;
    if (top < node.scrollTop) node.scrollTop = top;
    else if (top + ROW > node.scrollTop + high) node.scrollTop = top + 2 * ROW - high;
    paint();
  }

  function moveTo(target) {
    rows.querySelectorAll('[tabindex="0"]').forEach((other) => { other.tabIndex = -1; });
    target.tabIndex = 0;
    target.focus({ preventScroll: true });
  }

  // key: of what is chosen, a layer's or an image's id; nothing for none.
  function mark(key) {
    chosen = key;
    rows.querySelectorAll(".lx-chosen, .lx-user").forEach((other) => other.classList.remove("lx-chosen", "lx-user"));
    if (!key) return;
    plan.bands.forEach((band, number) => {
      if (!band.ats.some((at) => layers[at].c === key)) return;
      const there = rows.querySelector(`[data-band="${number}"]`);
      if (there) there.classList.add("lx-chosen");
      for (let at = band.from; at <= band.to; at += 1) nameAt(at)?.parentElement.classList.add("lx-user");
    });
    const name = find(key);
    if (name && name.dataset.row !== undefined) name.parentElement.classList.add("lx-chosen");
  }

  // Bring a layer into view and the focus on it; whether it is among the images that are shown.
  function go(key) {
    const band = plan.bands.find((one) => one.ats.some((at) => layers[at].c === key));
    if (!band) return false;
    reach(band.from);
    row = band.from;
    moveTo(rows.querySelector(`[data-band="${plan.bands.indexOf(band)}"]`));
    return true;
  }

  function pick(target) {
    if (target.dataset.band !== undefined) act.layers(plan.bands[Number(target.dataset.band)].ats);
    else act.image(plan.rows[Number(target.dataset.row)].image);
  }

  rows.addEventListener("keydown", (event) => {
    const target = event.target;
    if (target.tagName === "INPUT" || !plan.rows.length) return;
    const band = target.dataset.band === undefined ? null : plan.bands[Number(target.dataset.band)];
    row = band ? Math.min(Math.max(row, band.from), band.to) : Number(target.dataset.row);
    const here = plan.rows[row].bands, column = band ? here.indexOf(band) : -1;
    const bandNode = (one) => rows.querySelector(`[data-band="${plan.bands.indexOf(one)}"]`);
    const into = (number) => {
      row = Math.min(Math.max(0, number), plan.rows.length - 1);
      reach(row);
      const there = plan.rows[row].bands;
      return column < 0 || !there.length ? nameAt(row) : bandNode(there[Math.min(column, there.length - 1)]);
    };
    let to = null;
    if (event.key === "ArrowRight" && column + 1 < here.length) to = bandNode(here[column + 1]);
    else if (event.key === "ArrowLeft" && column >= 0) to = column ? bandNode(here[column - 1]) : nameAt(row);
    else if (event.key === "ArrowDown") to = into((band ? band.to : row) + 1);
    else if (event.key === "ArrowUp") to = into((band ? band.from : row) - 1);
    else if (event.key === "Home") to = into(0);
    else if (event.key === "End") to = into(plan.rows.length - 1);
    else if (event.key === "Escape") to = into(row) && nameAt(row);
    else if (event.key === "Enter") pick(target);
    else if (event.key === " ") {
      const tick = nameAt(row)?.parentElement.querySelector("input");
      if (tick) tick.click();
    } else return;
    event.preventDefault();
    if (to) moveTo(to);
  });
  rows.addEventListener("click", (event) => {
    const target = event.target.closest("[data-key]");
    if (!target) return;
    if (target.dataset.band !== undefined) row = Math.floor((event.clientY - rows.getBoundingClientRect().top) / ROW);
    moveTo(target);
    pick(target);
  });
  node.addEventListener("scroll", () => requestAnimationFrame(paint));

  // The whole name of an image whose name is cut, while it is pointed at or has the focus.
  function tell(event) {
    const name = event.target.closest?.(".lx-name span");
    const one = name && plan.rows[Number(name.dataset.row)];
    whole.hidden = !one || (name.textContent === one.image.name && one.image.tags.length < 2);
    if (whole.hidden) return;
    whole.textContent = one.image.tags.join(", ") || one.image.name;
    whole.style.top = `${Number(name.dataset.row) * ROW}px`;
  }
  rows.addEventListener("focusin", tell);
  rows.addEventListener("focusout", () => { whole.hidden = true; });
  rows.addEventListener("pointerover", tell);
  rows.addEventListener("pointerleave", () => { whole.hidden = true; });
  return { node, draw, mark, go };
}
