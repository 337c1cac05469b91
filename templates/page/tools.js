// What the other two share. Text from a workbook becomes text nodes and nothing else.

export const byId = (id) => document.getElementById(id);

/** An element with attributes and children; a child that is a string is text. */
export const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, String(value));
  }
  node.append(...children.filter((child) => child != null && child !== false));
  return node;
};

export const button = (words, act, kind = "") => {
  const node = make("button", { type: "button", class: kind || null }, words);
  node.addEventListener("click", act);
  return node;
};

/** One thing, 2 things. */
export const count = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;

const TICKS = "ticks";
const MOST = 20; // results; the oldest ones are let go

const kept = () => {
  try {
    return JSON.parse(sessionStorage.getItem(TICKS)) ?? [];
  } catch {
    return []; // the browser keeps nothing: nor do we
  }
};

/** What this tab has kept for a result: numbers only, nothing of a workbook. */
export const recall = (id) => kept().find((one) => one[0] === id)?.[1] ?? null;

/** Keep something for a result in this tab, over a reload. */
export const keep = (id, what) => {
  const others = kept().filter((one) => one[0] !== id);
  try {
    sessionStorage.setItem(TICKS, JSON.stringify([...others.slice(1 - MOST), [id, what]]));
  } catch { /* only a reload will miss it */ }
};

/** A sentence for the person, raised where something was refused. */
export class Refused extends Error {}

const GONE = "The program behind this page doesn’t answer. Start it again with: wbc serve";
const ANOTHER = "Another program answers here, or this one was started anew. Open the page at the address that wbc serve shows.";

const asked = async (path, options) => {
  let answer;
  try {
    answer = await fetch(path, { cache: "no-store", ...options });
  } catch {
    throw new Refused(GONE);
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(said.sentence ?? ANOTHER);
  return said;
};

export const get = (path) => asked(path, {});

export const post = (path, said) => asked(path, { method: "POST", body: JSON.stringify(said) });

export const send = (path, form) => asked(path, { method: "POST", body: form });

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
