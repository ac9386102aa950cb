// What is told beside the rows: a layer, a run of small ones, an image's history, what a search found.

const EVIDENCE = {
  size: "exact", only: "exact", parent: "exact (intermediate image told)", config: "exact (image configuration)",
  trie: "inferred from another image with the same beginning", rule: "inferred from the instruction's name", unknown: "not known",
};

function aboutLayer(picture, at, act) {
  const layer = picture.layers[at];
  const mine = picture.images.filter((image) => image.chain.includes(at));
  const some = mine.slice(0, mine.length > 9 ? 8 : 9);
  const names = some.flatMap((image, number) => [number ? ", " : " ", make("span", { class: "lx-whole-name" }, image.name)]);
  if (mine.length > some.length) names.push(` and ${mine.length - some.length} more`);
  const files = make("button", { type: "button", onclick: () => act.files(mine[0], layer) }, "Show its files");
  const only = mine.length > 1 && mine.length < picture.images.length
    ? make("button", { type: "button", onclick: () => act.only(layer) }, `Only these ${mine.length} images`) : null;
  return [
    make("h4", {}, `Layer ${mine[0].chain.indexOf(at) + 1}`),
    make("p", {}, make("code", {}, soft(layer.x || "(command not known)"))),
    pairs(["size", layer.s === null ? "not known" : `${size(layer.s)} (${layer.s.toLocaleString("en")} bytes)`],
      ["made by", EVIDENCE[layer.e] || layer.e], ["used by", make("span", {}, `${mine.length}:`, ...names)],
      ["chain id", short(layer.c)], ["diff id", short(layer.d)]),
    make("div", { class: "lx-tools" }, files, only),
  ];
}

function aboutRun(picture, ats, act) {
  const bytes = ats.reduce((sum, at) => sum + (picture.layers[at].s || 0), 0);
  return [
    make("h4", {}, `${ats.length} small layers: ${size(bytes)} together`),
    make("p", {}, "Lowest first. Choose one:"),
    ...ats.map((at) => make("button", { type: "button", class: "lx-wide", onclick: () => act.layers([at]) },
      make("b", {}, size(picture.layers[at].s)), " ", soft(picture.layers[at].x || "(command not known)"))),
  ];
}

function aboutImage(image) {
  const head = [make("h4", {}, soft(image.name || image.tags.join(" = ")))];
  if (image.steps === undefined) return head;
  const inferred = image.steps.some((step) => step.evidence.startsWith("inferred"));
  return [
    ...head,
    pairs(["size", size(image.total)], ["shared", size(image.shared)], ["its own", size(image.unique)],
      ["fair share", `${size(Math.round(image.fair))} (each layer split among its users)`],
      ["platform", image.platform || null], ["note", image.note || null],
      ["unknown", image.unknown ? `${count(image.unknown, "layer")} of unknown size ${image.unknown === 1 ? "is" : "are"} not counted` : null]),
    make("h4", {}, "History, oldest first"),
    inferred ? make("p", {}, "~ inferred from the instruction's name, or from another image; “Show its files” on a layer makes it exact.") : null,
    table(["#bytes", "layer", "instruction"], image.steps.map((step) => [
      step.empty === null ? "?" : step.empty ? "" : size(step.size),
      make("span", { class: "lx-id" }, (step.evidence.startsWith("inferred") ? "~" : "") + (step.empty === null ? "not known" : step.empty ? "no layer" : step.layer)),
      make("span", { title: step.evidence }, soft(step.command))])),
  ];
}

function aboutFound(content, act) {
  const of = (group) => `layer ${group.number} in ${count(group.images, "image")}`;
  const head = content.found.length < content.count ? `The first ${content.found.length} of ${content.count.toLocaleString("en")}` : `${content.count.toLocaleString("en")}`;
  return [
    make("h4", {}, `${head} found for “${content.path}”`),
    table(["path", "where", "#bytes"], content.found.map((group) => [
      make("span", {}, soft(group.path), group.fate ? make("small", {}, ` ${group.fate}`) : null),
      make("button", { type: "button", title: group.names.join(", "), onclick: () => act.go(group.layer) }, of(group)),
      size(group.size)])),
  ];
}
