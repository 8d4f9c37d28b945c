// @ts-check
// Says under the title of a page that it has changed since its reader was last there. Kept in this browser alone.
"use strict";

(() => {
  /** What a page says, in its language: words.js has it where that is not English. */
  const say = /** @type {any} */ (window).drillbookSay || String.raw;
  const KEY = `drillbook-visits:${location.pathname.replace(/index\.html$/, "")}`;
  const DAY = /^\d{4}-\d{2}-\d{2}$/;
  const content = /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="drillbook-content"]'))?.content;
  const title = document.querySelector("article h1, main h1, [role=main] h1, h1");
  if (!content || !title) return;

  /** The last visit: the page's content then, and the day; or nothing. */
  const visit = () => {
    const kept = JSON.parse(localStorage.getItem(KEY) || "null");
    return kept && typeof kept.content === "string" && DAY.test(kept.day) ? kept : null;
  };

  try {
    const last = visit();
    localStorage.setItem(KEY, JSON.stringify({ content, day: new Date().toISOString().slice(0, 10) }));
    if (last && last.content !== content) {
      const note = document.createElement("p");
      note.className = "ops-visited";
      note.textContent = say`Changed since you were here on ${last.day}.`;
      title.after(note);
    }
  } catch {
    // no storage, or not ours: then nothing is known of the last visit
  }
})();
