// The first two steps: a blank workbook, and a filled one on its way to being checked.
import { Refused, button, byId, get, make, pause, post, send } from "./tools.js";
import { showResult } from "./result.js";

const about = document.body.dataset;
const [FIRST_PAUSE, LONGEST_PAUSE] = [80, 600];

// ------------------------------------------------------------ what is said

const say = (words) => { byId("status").textContent = words; };

const complain = (error) => {
  if (!(error instanceof Refused)) console.error(error);
  const words = error instanceof Refused ? error.message : "This page made a mistake. Load it again, and go on.";
  byId("alert").replaceChildren(make("p", { class: "alert" }, words));
  byId("alert").scrollIntoView({ block: "nearest" }); // what was pressed may be far below
};

const quiet = () => {
  byId("blank-alert").hidden = true;
  byId("alert").replaceChildren();
  byId("question").replaceChildren();
};

const working = (label, share) => {
  byId("working").hidden = label === null;
  if (label === null) return;
  if (byId("what").textContent !== label) byId("what").textContent = label;
  byId("progress").value = share;
};

// ------------------------------------------------------------ jobs

let latest = 0; // whoever began last shows what came of it

/** Follow a job to its end and return it, or null when another was begun meanwhile. */
const followed = async (id, mine) => {
  for (let wait = FIRST_PAUSE; ; wait = Math.min(wait * 1.3, LONGEST_PAUSE)) {
    const job = await get(`jobs/${id}`);
    if (mine !== latest) return null;
    if (job.state === "failed") throw new Refused(job.sentence);
    if (job.state === "done") return job;
    working(job.label, job.share);
    await pause(wait);
  }
};

/** Begin something, follow it, show what came of it. */
const run = async (begin, label) => {
  const mine = ++latest;
  quiet();
  say("");
  working(label, 0);
  try {
    const { job: id } = await begin();
    const job = await followed(id, mine);
    if (job) settle(job);
  } catch (error) {
    if (mine === latest) complain(error);
  } finally {
    if (mine === latest) working(null);
  }
};

const again = (job, more = {}) => run(() => post(`jobs/${job.id}/again`, more), "Checking again");

/** The result that the address names, or nothing. */
const addressed = () => /^#[\w-]{10,}$/.test(location.hash) && location.hash.slice(1);

/** Take the result away, so that nobody takes it for the next file's. The way back to it is the browser's. */
const putAway = () => {
  byId("result").hidden = true;
  byId("result").replaceChildren();
  if (addressed()) history.pushState(null, "", location.pathname);
};

const settle = (job) => {
  const { outcome } = job;
  if (outcome.kind === "portal") askPortal(job);
  else if (outcome.kind === "rules") {
    const title = make("h3", { tabindex: -1 }, "One thing is missing");
    askRules(outcome, () => again(job), byId("question"), title);
    title.focus();
  }
  else {
    if (addressed() !== job.id) history[addressed() ? "pushState" : "replaceState"](null, "", `#${job.id}`);
    say(`Checked: ${outcome.verdict}.`);
    showResult(job, { again: (more) => again(job, more), complain });
  }
};

// ------------------------------------------------------------ questions

const askPortal = (job) => {
  const choice = make("select", { id: "which" }, ...job.outcome.portals.map((one) => make("option", { value: one.name }, one.title)));
  choice.value = byId("portal").value;
  const form = make("form", { class: "question" },
    make("h3", { tabindex: -1 }, "Which portal is this workbook for?"),
    make("p", {}, "It isn’t from one of our templates, so it doesn’t say."),
    make("div", { class: "field" }, make("label", { for: "which" }, "Portal of this workbook"), choice),
    make("button", { class: "primary" }, "Check it for this portal"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    again(job, { portal: choice.value });
  });
  byId("question").replaceChildren(form);
  form.querySelector("h3").focus();
};

/** A portal whose rules aren't here: say so, and fetch them when the person asks for it. `then` goes on. */
const askRules = (wanted, then, place, title = null) => {
  const box = make("div", { class: "question" }, title, make("p", {}, wanted.words));
  if (wanted.server) {
    const form = make("form", {});
    const name = wanted.part && !wanted.parts.length
      && make("input", { id: "part", required: true, autocomplete: "off", placeholder: "ERC000011", maxlength: 60 });
    if (name) form.append(make("div", { class: "field" }, make("label", { for: "part" }, `Name of the ${wanted.part}`), name));
    form.append(make("button", {}, `Fetch the portal’s rules (this asks ${wanted.server})`));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      await fetchRules({ portal: wanted.portal ?? wanted.name, parts: name ? [name.value.trim()] : wanted.parts }, then);
    });
    box.append(form);
  }
  place.replaceChildren(box);
};

const fetchRules = async (wanted, then) => {
  const mine = ++latest;
  quiet();
  working("Fetching the portal’s rules", 0);
  try {
    const { job: id } = await post("rules", wanted);
    const job = await followed(id, mine);
    if (!job) return;
    say(["The portal’s rules are on this machine now.", ...job.outcome.told].join(" "));
    working(null);
    showPortal();
    if (then) then();
  } catch (error) {
    if (mine === latest) complain(error);
  } finally {
    if (mine === latest) working(null);
  }
};

// ------------------------------------------------------------ files

/** Why these files can't be checked, or nothing; told before anything is read. */
const tooLarge = (files) => {
  const large = files.find((file) => file.size > Number(about.maxFile));
  if (large) return `${large.name}: ${about.tooLarge}`;
  return files.reduce((sum, file) => sum + file.size, 0) > Number(about.maxTogether) ? about.tooMuch : "";
};

const check = (list) => {
  const files = Array.from(list);
  if (!files.length) return;
  const names = files.length === 1 ? files[0].name : `${files.length} files`;
  putAway();
  run(async () => {
    const refusal = tooLarge(files);
    if (refusal) throw new Refused(refusal);
    const form = new FormData();
    for (const file of files) {
      const content = await file.arrayBuffer().catch(() => {
        throw new Refused(`${file.name} can’t be read. Folders can’t be dropped here, only files.`);
      });
      form.append("files", new Blob([content]), file.name);
    }
    return send("check", form);
  }, `Reading ${names}`);
};

const listenForFiles = () => {
  const drop = byId("drop");
  byId("files").addEventListener("change", (event) => {
    check(event.target.files);
    event.target.value = ""; // so that the same file can be chosen again
  });
  byId("check-form").addEventListener("submit", (event) => event.preventDefault());
  // anywhere on the page: beside the box the browser would open the file, and the page would be gone
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    check(event.dataTransfer?.files ?? []);
  });
};

// ------------------------------------------------------------ a blank workbook

const tick = (name, value, title, more, checked = false) => {
  const box = make("input", { type: "checkbox", name, value, checked });
  return make("label", { class: "tick" }, box, make("span", {}, make("b", {}, title), " ", more && make("span", { class: "soft" }, more)));
};

const typesChoice = (types, usual, open) => {
  const search = make("input", { type: "search", id: "find", autocomplete: "off", spellcheck: false });
  const ticks = types.map(({ name, title }) => tick("type", name, name, title === name ? "" : title));
  search.addEventListener("input", () => {
    const word = search.value.trim().toLowerCase();
    for (const one of ticks) one.hidden = !one.textContent.toLowerCase().includes(word);
  });
  const summary = usual.length ? "Choose the sheets yourself" : open ? "Choose the sheets" : "Or choose the sheets one by one";
  const list = make("div", { class: "types", role: "group", "aria-label": "Sheets" }, ...ticks);
  return make("details", { open }, make("summary", {}, summary),
    make("div", { class: "field" }, make("label", { for: "find" }, "Show only those with"), search), list);
};

const showChoices = (portal) => {
  const shown = [];
  if (portal.parts.length) {
    const first = portal.parts.length === 1;
    shown.push(make("fieldset", {}, make("legend", {}, `Which ${portal.part}?`), ...portal.parts.map((part) => tick("part", part, part, "", first))));
  }
  if (portal.presets.length) {
    const ticks = portal.presets.map((one) => tick("preset", one.name, one.title, one.description));
    shown.push(make("fieldset", {}, make("legend", {}, "Which kind of experiment?"), ...ticks));
  }
  if (portal.usual.length) shown.push(make("p", {}, `The usual sheets are in it: ${portal.usual.join(", ")}.`));
  shown.push(typesChoice(portal.types, portal.usual, !portal.presets.length && !portal.usual.length));
  byId("choices").replaceChildren(...shown);
  byId("blank-form").dataset.usual = portal.usual.length ? "yes" : "";
};

const showPortal = async () => {
  const name = byId("portal").value;
  byId("blank-alert").hidden = true;
  try {
    const portal = await get(`portals/${encodeURIComponent(name)}`);
    if (name !== byId("portal").value) return;
    byId("blank-bottom").hidden = !portal.ready;
    if (portal.ready) showChoices(portal);
    else askRules(portal, null, byId("choices"));
  } catch (error) {
    byId("choices").replaceChildren(make("p", { class: "alert", role: "alert" }, error.message));
  }
};

const listenForBlank = () => {
  const form = byId("blank-form");
  form.addEventListener("change", () => { byId("blank-alert").hidden = true; });
  form.addEventListener("submit", (event) => {
    const ticked = (...names) => names.some((name) => form.querySelector(`input[name=${name}]:checked`));
    const sheets = ticked("preset", "type") || form.dataset.usual;
    const part = ticked("part") || !form.querySelector("input[name=part]");
    if (sheets && part) return;
    event.preventDefault();
    byId("blank-alert").textContent = `Nothing is chosen yet. ${part ? "Tick a kind of experiment, or some sheets." : "Tick what is asked for at the top."}`;
    byId("blank-alert").hidden = false;
  });
  if (byId("portal").tagName === "SELECT") byId("portal").addEventListener("change", showPortal);
};

// ------------------------------------------------------------ files to take away

/** A file of a result that is forgotten would be a failed download without a word: so that is asked first. */
const listenForDownloads = () => {
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[download]");
    if (!link) return;
    event.preventDefault();
    const href = link.getAttribute("href");
    try {
      await get(href.split("/", 2).join("/"));
      make("a", { href, download: true }).click(); // it isn't in the page, so this isn't heard here
    } catch (error) {
      complain(error);
    }
  });
};

// ------------------------------------------------------------ begin

/** After a reload, and on the way back and forth: the result that the address names, while it is remembered. */
const restore = async () => {
  const id = addressed();
  const mine = ++latest;
  quiet();
  say("");
  working(null);
  if (!id) return;
  try {
    const job = await get(`jobs/${id}`);
    if (mine !== latest) return;
    if (job.state === "done") settle(job);
    else if (job.state !== "failed") run(async () => ({ job: id }), job.label);
  } catch (error) {
    if (mine !== latest) return;
    history.replaceState(null, "", location.pathname);
    putAway();
    complain(error);
  }
};

window.addEventListener("popstate", () => {
  if (location.hash && !addressed()) return; // the skip link
  if (!addressed()) putAway();
  restore();
});

listenForFiles();
listenForDownloads();
listenForBlank();
showPortal();
restore();
