// Small things that every part of the explorer uses. Every text goes in as text, never as markup.

const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function size(bytes) {
  if (bytes === null || bytes === undefined) return "size not known";
  let value = bytes, unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) { value /= 1000; unit += 1; }
  if (unit === 0) return `${value} B`;
  return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${UNITS[unit]}`;
}

const short = (digest) => digest.slice(digest.indexOf(":") + 1).slice(0, 12);
const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

function make(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// A long name or command may break after these, and nowhere else.
function soft(text) {
  const whole = document.createDocumentFragment();
  for (const part of text.split(/(?<=[/,;=&|])/)) whole.append(part, document.createElement("wbr"));
  return whole;
}

let pen = null;
function wide(text, font) {
  pen = pen || document.createElement("canvas").getContext("2d");
  pen.font = font;
  return pen.measureText(text).width;
}

// A name cut in its middle so that it fits: its end tells most, then its beginning.
export function middle(text, room, font) {
  if (wide(text, font) <= room) return text;
  let least = 1, most = text.length - 1;
  const cut = (length) => {
    const end = Math.ceil((length * 2) / 3);
    return `${text.slice(0, length - end)}…${text.slice(text.length - end)}`;
  };
  while (least < most) {
    const half = Math.ceil((least + most) / 2);
    if (wide(cut(half), font) <= room) least = half; else most = half - 1;
  }
  return cut(least);
}

function pairs(...entries) {
  return make("dl", {}, ...entries.filter((entry) => entry[1] !== null && entry[1] !== undefined)
    .flatMap(([term, text]) => [make("dt", {}, term), make("dd", {}, text)]));
}

// columns: header texts, those that begin with "#" are of numbers; lines: arrays of texts or nodes.
function table(columns, lines) {
  const kind = columns.map((text) => (text.startsWith("#") ? "lx-n" : ""));
  return make("table", {},
    make("thead", {}, make("tr", {}, ...columns.map((text, at) => make("th", { scope: "col", class: kind[at] }, text.replace("#", ""))))),
    make("tbody", {}, ...lines.map((cells) => make("tr", {}, ...cells.map((cell, at) => make("td", { class: kind[at] }, cell))))));
}
