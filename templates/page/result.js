// The third step: what was found, and the files that can be taken away.
import { Refused, button, byId, count, keep, make, post, recall } from "./tools.js";

const download = (href, words) => make("a", { href, class: "action", download: true }, words);

/** Show a finished check. `act.again(more)` checks the same files once more, `act.complain(error)` says what went wrong. */
export const showResult = (job, act) => {
  const found = job.outcome;
  const title = make("h2", { id: "result-title", tabindex: -1 }, found.verdict);
  const place = byId("result");
  place.replaceChildren(
    banner(job, found, title, act),
    found.offers.length ? suggestions(job, found, act) : "",
    found.plan ? plan(found) : "",
    report(found),
  );
  place.hidden = false;
  title.focus({ preventScroll: true });
  place.scrollIntoView({ block: "start" });
};

// ------------------------------------------------------------ the verdict and the files

const banner = (job, found, title, act) => {
  const names = job.files.length > 3 ? `${job.files.slice(0, 2).join(", ")} and ${job.files.length - 2} more` : job.files.join(", ");
  return make("header", { class: `verdict ${found.tone}` },
    make("p", { class: "about" }, [found.portal, job.mended ? `${names}, mended` : names].filter(Boolean).join(" · ")),
    title,
    found.outlook && make("p", { class: "outlook" }, found.outlook),
    make("p", {}, nextStep(job, found)),
    typeQuestion(found, act),
    make("ul", { class: "files" }, ...found.workbooks.map((one, number) => workbook(job, one, number, found.workbooks.length > 1))),
  );
};

/** What to do now. Of mended files the copy is the one to go on with, or what was accepted would be lost. */
const nextStep = (job, found) => {
  const which = job.mended ? "the mended workbook" : "your workbook";
  const rest = `${job.mended ? "download the mended workbook, " : ""}mend ${found.offers.length ? "the rest" : "the errors"} in ${job.mended ? "it" : which}, save it, and drop it above again.`;
  if (found.tone === "mend" && found.offers.length) return `Tick the suggestions that are right; ${rest}`;
  if (found.tone === "mend") return rest[0].toUpperCase() + rest.slice(1);
  if (found.tone === "look") return `Look at the warnings. If all is as you meant it, ${which} can be handed in.`;
  return `Nothing stands in the way: ${which} can be handed in.`;
};

const workbook = (job, one, number, several) => make("li", {},
  several && make("span", { class: "name" }, one.name),
  one.mended && download(one.mended, "Download the mended workbook"),
  one.noted && notes(job, number),
  one.why_not && make("span", { class: "soft" }, one.why_not),
);

/** The copy with notes is made when it is wanted: of very many findings that takes a while. */
const notes = (job, number) => {
  const words = job.mended ? "Download it with notes in it" : "Download your workbook with notes in it";
  const told = make("span", { role: "status" });
  let busy = false;
  const act = button(words, async () => {
    if (busy) return;
    busy = true;
    act.textContent = "Writing the notes…";
    told.textContent = "";
    try {
      const { url } = await post(`jobs/${job.id}/notes`, { number });
      const link = make("a", { href: url, download: true });
      link.click();
    } catch (error) {
      told.textContent = error instanceof Refused ? error.message : "That didn’t work. Load the page again.";
    }
    act.textContent = words;
    busy = false;
  });
  return make("span", { class: "row" }, act, told);
};

/** A text file doesn't say what its rows are, but by its name. */
const typeQuestion = (found, act) => {
  if (!found.types.length) return null;
  const choice = make("select", { id: "type" }, make("option", { value: "" }, "what the file’s name says"), ...found.types.map((name) => make("option", { value: name }, name)));
  choice.value = found.type;
  const form = make("form", { class: "row" }, make("label", { for: "type" }, found.rows_are), choice, make("button", {}, "Check again"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act.again({ type: choice.value });
  });
  return form;
};

// ------------------------------------------------------------ suggestions

const suggestions = (job, found, act) => {
  const lines = found.offers.map(offerLine);
  const before = recall(job.id);
  const told = make("div", { id: "mended", role: "status" });
  const all = make("input", { type: "checkbox", id: "all" });
  const mend = make("button", { class: "primary" }, "Mend");
  const ticked = () => lines.filter((line) => line.box.checked);
  const refresh = () => {
    const number = ticked().length;
    all.checked = number === lines.length;
    all.indeterminate = number > 0 && number < lines.length;
    mend.textContent = number ? `Make a copy with ${count(number, "suggestion")} in it` : "Make a copy with them in it";
    mend.setAttribute("aria-disabled", String(!number));
  };
  all.addEventListener("change", () => {
    for (const line of lines) line.box.checked = all.checked;
    refresh();
  });
  const form = make("form", {},
    make("div", { class: "row" }, make("label", { class: "all" }, all, " Accept all"), make("span", { class: "soft" }, counted(lines))),
    before ? "" : brought(found.offers.filter((offer) => offer.accepted !== null).length),
    offerTable(lines),
    found.more_offers ? make("p", { class: "soft" }, `and ${found.more_offers.toLocaleString("en")} more, once these are mended.`) : "",
    make("p", {}, mend), told);
  form.addEventListener("change", () => {
    refresh();
    keep(job.id, { ticks: accepted(ticked()), made: false });
    if (told.hasChildNodes()) told.replaceChildren(outdated());
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (ticked().length) copy();
  });
  const copy = () => accept(job, () => accepted(ticked()), told, act);
  for (const [number, line] of lines.entries()) line.choose(before ? before.ticks[line.index] : found.offers[number].accepted);
  refresh();
  if (before?.made && ticked().length) copy();
  return make("section", { class: "card", "aria-labelledby": "suggestions-title" }, make("h3", { id: "suggestions-title" }, "Suggestions"), form);
};

const counted = (lines) => {
  const open = lines.filter((line) => line.open).length;
  return `${count(lines.length, "suggestion")}${open ? `, ${open} of them with a choice to look at` : ""}. Your own file stays as it is.`;
};

/** What is said of suggestions that were accepted in the workbook, on its sheet of problems. */
const brought = (number) => number > 0 && make("p", {}, number === 1
  ? "1 suggestion was accepted in the workbook. It is ticked here."
  : `${count(number, "suggestion")} were accepted in the workbook. They are ticked here.`);

const offerTable = (lines) => make("table", { class: "lines", role: "table", "aria-labelledby": "suggestions-title" },
  make("thead", { role: "rowgroup" }, make("tr", { role: "row" },
    ...["Accept", "Cell", "There is", "It becomes", "Why"].map((word) => make("th", { scope: "col", role: "columnheader" }, word)))),
  make("tbody", { role: "rowgroup" }, ...lines.map((line) => line.row)));

const offerLine = (offer) => {
  const box = make("input", { type: "checkbox", "aria-label": `Accept for ${offer.place}` });
  const choices = offer.suggestions.map((text, number) => make("option", { value: number }, text));
  const choice = choices.length > 1 ? make("select", { "aria-label": `What ${offer.place} becomes` }, ...choices) : null;
  const more = offer.more > 0 ? ` and ${count(offer.more, "more cell")}` : "";
  const cell = (kind, ...inside) => make("td", { class: kind, role: "cell" }, ...inside);
  const row = make("tr", { role: "row" },
    cell("accept", make("label", { class: "hit" }, box)),
    cell("place", make("b", {}, offer.cell), " ", make("span", { class: "soft" }, offer.sheet + more)),
    cell("before", offer.before ? make("del", {}, offer.before) : make("span", { class: "soft" }, "nothing")),
    cell("after", choice ?? make("ins", {}, offer.suggestions[0])),
    cell("why", offer.why));
  choice?.addEventListener("change", () => { box.checked = true; });
  const choose = (number) => {
    box.checked = Number.isInteger(number) && number in offer.suggestions;
    if (choice && box.checked) choice.value = number;
  };
  return { row, box, index: offer.index, open: Boolean(choice), choose, chosen: () => (choice ? Number(choice.value) : 0) };
};

/** What is ticked, as the program takes it: number of the finding -> number of its suggestion. */
const accepted = (lines) => Object.fromEntries(lines.map((line) => [line.index, line.chosen()]));

const outdated = () => make("p", { class: "outdated" }, "You have changed your choices. Make the copy once more, so that they are in it.");

/** Make a copy of what is ticked now, and offer it unless something else is ticked when it comes. */
const accept = async (job, ticked, told, act) => {
  const wanted = ticked();
  try {
    const made = await post(`jobs/${job.id}/mend`, { accepted: wanted });
    if (JSON.stringify(ticked()) !== JSON.stringify(wanted)) {
      told.replaceChildren(outdated());
      return;
    }
    keep(job.id, { ticks: wanted, made: true });
    const kept = made.kept.length ? make("ul", {}, ...made.kept.map((words) => make("li", {}, words))) : "";
    told.replaceChildren(
      make("p", {}, `${count(made.count, "cell")} mended in a copy. Your own file is as it was.`), kept,
      make("div", { class: "row" },
        ...made.files.map((file) => download(file.url, made.files.length > 1 ? `Download ${file.name}` : "Download the mended workbook")),
        button("Check the mended workbook", () => act.again({ copy: made.copy }), "primary")));
  } catch (error) {
    told.replaceChildren(make("p", { class: "alert", role: "alert" }, error instanceof Refused ? error.message : "That didn’t work. Load the page again."));
  }
};

// ------------------------------------------------------------ the plan and the report

const plan = (found) => {
  const { rows, operations, url } = found.plan;
  const heads = ["Batch", "What", "Type", "Identifier", "Row", "Waits for"];
  const table = make("table", { class: "plan" },
    make("thead", {}, make("tr", {}, ...heads.map((word) => make("th", { scope: "col" }, word)))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((value) => make("td", {}, String(value)))))));
  const more = operations - rows.length;
  return make("section", { class: "card", "aria-labelledby": "plan-title" },
    make("h3", { id: "plan-title" }, "In this order it would be sent"),
    make("p", {}, "Nothing was sent. What the portal holds already shows when the workbook is handed in."),
    make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The plan, record by record" }, table),
    more > 0 && make("p", { class: "soft" }, `and ${more.toLocaleString("en")} more in plan.json.`),
    make("p", {}, download(url, "Download plan.json")));
};

const report = (found) => make("section", { class: "report", "aria-labelledby": "report-title" },
  make("div", { class: "row" }, make("h3", { id: "report-title" }, "The report"),
    make("a", { href: found.report, target: "_blank", rel: "noopener", class: "action" }, "Open in a new tab"),
    download(`${found.report}?save`, "Download the report")),
  make("iframe", { src: found.report, title: "The report", sandbox: "allow-scripts allow-modals allow-downloads", allow: "clipboard-write" }));
