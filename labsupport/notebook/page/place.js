// Which images are shown, in which order, and where each layer's bytes begin and end. Nothing has a least width.

const SMALL = 6; // pixels: neighbours that are all narrower, of the same images, are one striped box
const BOX = 2; // pixels: what is narrower is drawn as a line, which has no length to be read

const matches = (image, words) => words.every((word) => [image.name, ...image.tags].some((tag) => tag.toLowerCase().includes(word)));

// wish: text that names contain, order, only (a layer's id: the images that stand on it), without (their common part).
export function arrange(picture, wish, width) {
  const { layers, images } = picture;
  const start = [];
  layers.forEach((layer, at) => { start[at] = layer.p < 0 ? 0 : start[layer.p] + (layers[layer.p].s || 0); });
  const sum = (chain, counts) => chain.reduce((bytes, at) => bytes + (counts(layers[at]) ? layers[at].s || 0 : 0), 0);
  const words = wish.text.toLowerCase().split(/\s+/).filter(Boolean);
  const only = wish.only && layers.find((layer) => layer.c === wish.only);
  const rows = [];
  images.forEach((image, number) => {
    if (only && (number < only.f || number > only.l)) return;
    if (!matches(image, words)) return;
    rows.push({
      image, total: sum(image.chain, () => true), own: sum(image.chain, (layer) => layer.f === layer.l),
      unknown: image.chain.some((at) => layers[at].s === null), bands: [],
    });
  });
  const keys = { size: (row) => row.total, own: (row) => row.own, newest: (row) => row.image.created };
  if (keys[wish.order]) rows.sort((one, other) => keys[wish.order](other) - keys[wish.order](one));
  const origin = wish.without && rows.length > 1 ? common(rows, layers) : 0;
  const longest = Math.max(0, ...rows.map((row) => row.total)) - origin;
  const scale = longest > 0 ? width / longest : 0;
  const bands = join(rows, layers, start, scale, origin);
  for (const band of bands) {
    band.left = (band.start - origin) * scale;
    band.wide = band.bytes * scale;
    for (let row = band.from; row <= band.to; row += 1) rows[row].bands.push(band);
  }
  return { rows, bands, scale, origin, longest };
}

// Bytes of the layers that all of these images begin with.
function common(rows, layers) {
  let bytes = 0;
  for (let depth = 0; ; depth += 1) {
    const at = rows[0].image.chain[depth];
    if (at === undefined || rows.some((row) => row.image.chain[depth] !== at)) return bytes;
    bytes += layers[at].s || 0;
  }
}

// A layer is one box over neighbouring rows that have it; runs of small layers are one box, as long as all of them.
function join(rows, layers, start, scale, origin) {
  const runs = layers.map(() => []);
  rows.forEach((row, number) => {
    for (const at of row.image.chain) {
      const last = runs[at][runs[at].length - 1];
      if (last && last.to === number - 1) last.to = number;
      else runs[at].push({ from: number, to: number });
    }
  });
  const small = (layer) => layer.s !== null && layer.s * scale < SMALL;
  const bands = [], holder = new Map();
  layers.forEach((layer, at) => {
    for (const run of runs[at]) {
      if (start[at] < origin && start[at] + (layer.s || 0) <= origin) continue;
      const below = holder.get(`${layer.p} ${run.from}`);
      const parent = layer.p < 0 ? null : layers[layer.p];
      const joins = below && below.to === run.to && small(layer) && small(parent) && parent.l - parent.f === layer.l - layer.f;
      const band = joins ? below : { ats: [], from: run.from, to: run.to, start: start[at], bytes: 0, shared: layer.l > layer.f, known: layer.s !== null };
      band.ats.push(at);
      band.bytes += layer.s || 0;
      if (!joins) bands.push(band);
      holder.set(`${at} ${run.from}`, band);
    }
  });
  return bands;
}

// Round numbers of bytes for a scale of that many pixels.
export function ticks(longest, scale, origin) {
  if (!(longest > 0)) return [];
  const about = 90 / scale, unit = 10 ** Math.floor(Math.log10(about));
  const step = [1, 2, 5, 10].map((times) => times * unit).find((bytes) => bytes >= about);
  const found = [];
  for (let bytes = Math.ceil(origin / step) * step; bytes <= origin + longest; bytes += step) found.push(Math.round(bytes));
  return found;
}
