"use strict";
// Search, choices, order, copying and links that land. Without a script the page is whole: the boxes of the severities work by style alone,
// the other choices stay hidden, and the findings stand worst first.
(() => {
  const filter = document.getElementById("filter");
  if (!filter) return;
  const byId = (id) => document.getElementById(id);
  const findings = Array.from(document.querySelectorAll(".finding"), (item, number) => ({
    item, number, sheet: item.closest(".sheet").id.slice("in-".length), words: null,
  }));
  const sheets = Array.from(document.querySelectorAll(".sheet"));

  // what a finding says; of its neighbours in the sheet only the wrong cell itself
  const wordsOf = (item) => (
    Array.from(item.querySelectorAll("h4, p, .here"), (part) => part.textContent).join(" ").toLowerCase()
  );

  const apply = () => {
    const word = byId("filter-text").value.trim().toLowerCase();
    const sheet = byId("filter-sheet").value;
    const code = byId("filter-code").value;
    const boxes = filter.querySelectorAll("input[name=severity]:checked");
    const severities = new Set(Array.from(boxes, (box) => box.value));
    const used = new Set();
    let shown = 0;
    for (const one of findings) {
      const { severity, code: own } = one.item.dataset;
      let fits = severities.has(severity) && (!sheet || sheet === one.sheet) && (!code || code === own);
      if (fits && word) fits = (one.words ??= wordsOf(one.item)).includes(word);
      one.item.hidden = !fits;
      if (fits) used.add(one.sheet);
      shown += fits ? 1 : 0;
    }
    for (const section of sheets) section.hidden = !used.has(section.id.slice("in-".length));
    byId("none-left").hidden = shown > 0;
    byId("filter-count").textContent = `${shown} of ${findings.length} findings shown`;
  };

  const collator = new Intl.Collator("en", { numeric: true });
  const KEYS = {
    number: () => "",
    place: ({ item }) => item.dataset.place,
    field: ({ item }) => item.querySelector(".field")?.textContent ?? "",
    code: ({ item }) => item.dataset.code,
  };

  const sort = () => {
    const key = KEYS[byId("sort").value];
    const sorted = findings.map((one) => [key(one), one]);
    sorted.sort(([a, one], [b, other]) => collator.compare(a, b) || one.number - other.number);
    const lists = new Map();
    for (const [, { item }] of sorted) {
      const list = item.parentNode;
      if (!lists.has(list)) lists.set(list, []);
      lists.get(list).push(item);
    }
    for (const [list, items] of lists) list.append(...items);
  };

  const showAll = () => {
    sort();
    apply();
  };

  // where the clipboard is out of reach, the suggestion is selected, to be copied by hand
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      byId("copied").textContent = `Copied: ${text.textContent}`;
    } catch {
      window.getSelection().selectAllChildren(text);
      byId("copied").textContent = "Selected. Copy it with Ctrl+C.";
    }
  };

  const pattern = document.createElement("button");
  pattern.type = "button";
  pattern.className = "copy";
  pattern.textContent = "Copy";
  for (const text of document.querySelectorAll("kbd.exact")) {
    const button = pattern.cloneNode(true);
    button.setAttribute("aria-label", `Copy ${text.textContent}`);
    text.after(button);
  }
  document.addEventListener("click", (event) => {
    if (event.target.matches(".copy")) copy(event.target.previousElementSibling);
    const link = event.target.closest("a[href^='#']");
    if (link) setTimeout(() => { if (link.hash === location.hash) land(); });
  });

  const fitPadding = () => {
    const sticky = getComputedStyle(filter).position === "sticky";
    document.documentElement.style.scrollPaddingTop = sticky ? `${filter.offsetHeight + 16}px` : "";
  };

  // what comes into sight turns out higher or lower than guessed and moves the target: go on until it stays
  const land = () => {
    const target = byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest(".sheet")?.hidden) {
      filter.reset();
      showAll();
    }
    let [tries, still, last] = [60, 0, null];
    const step = () => {
      target.scrollIntoView();
      const now = target.getBoundingClientRect().top;
      still = now === last ? still + 1 : 0;
      last = now;
      if (still < 3 && --tries) requestAnimationFrame(step);
    };
    step();
  };

  filter.addEventListener("input", apply);
  byId("sort").addEventListener("change", sort);
  filter.addEventListener("submit", (event) => event.preventDefault());
  filter.addEventListener("reset", () => setTimeout(showAll));
  byId("choices").hidden = false;
  apply();
  new ResizeObserver(fitPadding).observe(filter);
  fitPadding();
  // going back or reloading, the browser knows where the reader was
  addEventListener("load", () => {
    if (performance.getEntriesByType("navigation")[0]?.type === "navigate") land();
  });
})();
