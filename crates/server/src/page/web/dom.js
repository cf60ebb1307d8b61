// Elements from code: whatever is text stays text.

/**
 * An element with its properties, listeners (`onclick`) and children.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [properties] what is no property of the element is an attribute
 * @param {...Child} children
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  if (element instanceof HTMLButtonElement) element.type = "button";
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else if (name in element && name !== "list" && name !== "form") /** @type {any} */ (element)[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Outlines on a grid of 24, drawn with a line. */
export const ICONS = {
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M8.5 6v12M15.5 6v12",
  next: "M6.5 6v12l8.5-6zM17.5 6v12",
  previous: "M17.5 6v12L9 12zM6.5 6v12",
  forward: "M11.5 7.5L16 12l-4.5 4.5M6 7.5L10.5 12L6 16.5",
  search: "M10.5 4.5a6 6 0 1 0 0 12a6 6 0 1 0 0-12M15 15l4.5 4.5",
  upload: "M12 15.5V5M7.5 9.5L12 5l4.5 4.5M5 15.5v3h14v-3",
  download: "M12 5v10.5M7.5 11L12 15.5L16.5 11M5 18.5h14",
  more: "M12 6.2v.01M12 12v.01M12 17.8v.01",
  share: "M16 8a2.5 2.5 0 1 0-.01-.01M8 12a2.5 2.5 0 1 0-.01.01M16 16a2.5 2.5 0 1 0 .01.01M8 11l6-3.5M8 13l6 3.5",
  link: "M10 14a4 4 0 0 0 6 .5l2.5-2.5a4 4 0 0 0-5.7-5.7L11.5 7.5M14 10a4 4 0 0 0-6-.5L5.5 12a4 4 0 0 0 5.7 5.7l1.3-1.2",
  close: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  trash: "M5 7.5h14M9.5 7.5V5h5v2.5M7 7.5l.8 11.5h8.4L17 7.5M10.5 11v5M13.5 11v5",
  pencil: "M5 19l1-4L15.5 5.5l3 3L9 18z",
  replace: "M5 10a7 7 0 0 1 12-3l2 2M19 5v4h-4M19 14a7 7 0 0 1-12 3l-2-2M5 19v-4h4",
  code: "M9 7.5L4.5 12L9 16.5M15 7.5l4.5 4.5L15 16.5",
  clip: "M9 5H6v14h3M15 5h3v14h-3",
  filter: "M4.5 7h15M7.5 12h9M10.5 17h3",
  picture: "M5 5.5h14v13H5zM5 15.5l4-4l3.5 3.5l2.5-2.5l4 4M14.5 9v.01",
  document: "M7 4.5h7l4 4v11H7zM13.5 4.5v4.5h4.5M10 13h5M10 16h5",
  file: "M7 4.5h7l4 4v11H7zM13.5 4.5v4.5h4.5",
  plus: "M12 6v12M6 12h12",
  minus: "M6 12h12",
  keyboard: "M4 7h16v10H4zM7 10.2v.01M10.3 10.2v.01M13.7 10.2v.01M17 10.2v.01M8 14h8",
  leave: "M13 5H6v14h7M10.5 12H19.5M16.5 8.5L20 12l-3.5 3.5",
};

/** @param {IconName} name */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/**
 * A button that is an icon alone, named for who doesn't see it.
 * @param {IconName} name
 * @param {string} label
 * @param {() => void} act
 * @param {string} [kind] its class
 */
export function iconButton(name, label, act, kind = "quiet") {
  return h("button", { class: `icon-button ${kind}`, "aria-label": label, title: label, onclick: act }, icon(name));
}

/**
 * A button of words, with an icon before them if one is named.
 * @param {string} text
 * @param {() => void} act
 * @param {{ kind?: string, icon?: IconName }} [look]
 */
export function button(text, act, look = {}) {
  return h("button", { class: look.kind ?? "", onclick: act }, look.icon ? icon(look.icon) : null, text);
}

/**
 * A choice of a few: `[value, text]`.
 * @param {string} label for who doesn't see its place
 * @param {string[][]} choices
 * @param {string} chosen
 * @param {(value: string) => void} choose
 */
export function select(label, choices, chosen, choose) {
  const options = choices.map(([value, text]) => h("option", { value, selected: value === chosen }, text));
  const element = h("select", { "aria-label": label, title: label }, ...options);
  element.addEventListener("change", () => choose(element.value));
  return element;
}
