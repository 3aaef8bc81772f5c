// Builds and patches elements. Text only ever goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (id) => document.getElementById(id);

// `on…` attributes are listeners; null, undefined and false leave an attribute (or a child) out.
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// A line drawing of 16 × 16, for instance "M3 8l4 4 6-8".
export function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export function setText(node, text) { if (node.textContent !== text) node.textContent = text; }

export function setClass(node, name) { if (node.className !== name) node.className = name; }

export function show(node, visible) { if (node.hidden === visible) node.hidden = !visible; }

// Makes `parent`'s children match `items` in order: known ones are updated in place, and the focus stays where it is.
export function keyed(parent, items, keyOf, make, update) {
  const known = (parent.known ??= new Map());
  const wanted = new Map(items.map((item) => [keyOf(item), item]));
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  for (const [key, node] of known) {
    if (!wanted.has(key)) {
      node.remove();
      known.delete(key);
    }
  }
  let place = 0;
  for (const [key, item] of wanted) {
    let node = known.get(key);
    if (!node) known.set(key, (node = make(item)));
    if (parent.children[place] !== node) parent.insertBefore(node, parent.children[place] ?? null);
    update?.(node, item);
    place += 1;
  }
  if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

// A part of the page that is built anew only when what it shows has changed; what was folded open stays open.
export class Part {
  constructor(node) {
    this.node = node;
    this.shown = undefined;
  }

  draw(data, build) {
    const now = JSON.stringify(data);
    if (now === this.shown) return;
    this.shown = now;
    const open = new Set([...this.node.querySelectorAll("details[open][data-key]")].map((one) => one.dataset.key));
    this.node.replaceChildren(...[build(data)].flat().filter(Boolean));
    for (const one of this.node.querySelectorAll("details[data-key]")) one.open ||= open.has(one.dataset.key);
  }
}
