// @ts-check
// Keeps the ticks of a page's checklists in this browser, counts them, and unticks all at once.
"use strict";

(() => {
  /** What a page says, in its language: words.js has it where that is not English. */
  const say = /** @type {any} */ (window).drillbookSay || String.raw;
  const KEY = `drillbook-ticks:${location.pathname.replace(/index\.html$/, "")}`;

  /** @returns {string[]} */
  const load = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY) || "[]");
      return Array.isArray(kept) ? kept : [];
    } catch {
      return []; // no storage, or not ours
    }
  };

  /** @param {Iterable<string>} ticked */
  const save = (ticked) => {
    try {
      const kept = [...ticked];
      if (kept.length) {
        localStorage.setItem(KEY, JSON.stringify(kept));
      } else {
        localStorage.removeItem(KEY);
      }
    } catch {
      // then the ticks last as long as the page is open
    }
  };

  const ticked = new Set(load());
  /** @type {Map<string, number>} */
  const seen = new Map();

  /** What an item says, and which of those that say so it is: an item that is put before it does not move its tick. */
  const nameOf = (/** @type {HTMLInputElement} */ box) => {
    const says = (box.closest("label")?.textContent || box.getAttribute("aria-label") || "").trim();
    const count = (seen.get(says) || 0) + 1;
    seen.set(says, count);
    return count > 1 ? `${says} (${count})` : says;
  };

  for (const list of document.querySelectorAll(".ops-ticked")) {
    const boxes = /** @type {HTMLInputElement[]} */ ([...list.querySelectorAll(".ops-tick > input")]);
    const names = new Map(boxes.map((box) => [box, nameOf(box)]));
    const count = document.createElement("span");
    count.setAttribute("role", "status");
    const untick = document.createElement("button");
    untick.type = "button";
    untick.className = "ops-button";
    untick.textContent = say`Untick all`;
    const tools = document.createElement("p");
    tools.className = "ops-count";
    tools.append(count, " ", untick);
    list.append(tools);

    const tell = () => {
      const done = boxes.filter((box) => box.checked).length;
      count.textContent = say`${done} of ${boxes.length}`;
      untick.disabled = done === 0;
    };
    const keep = () => {
      for (const box of boxes) {
        ticked[box.checked ? "add" : "delete"](names.get(box) || "");
      }
      save(ticked);
      tell();
    };
    for (const box of boxes) {
      box.checked = ticked.has(names.get(box) || "");
      box.addEventListener("change", keep);
    }
    untick.addEventListener("click", () => {
      for (const box of boxes) {
        box.checked = false;
      }
      boxes[0]?.focus(); // the button is of no use now, and a disabled one loses the focus
      keep();
    });
    tell();
  }
})();
