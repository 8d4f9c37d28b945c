// @ts-check
// How old a stamp is, counted on the day on which it is read: the page itself has absolute days only.
"use strict";

(() => {
  /** What a page says, in its language: words.js has it where that is not English. */
  const say = /** @type {any} */ (window).drillbookSay || String.raw;
  const DAY = 24 * 60 * 60 * 1000;
  /** @param {string | null} text */
  const number = (text) => Date.parse(`${text ?? ""}T00:00:00Z`) / DAY;
  /** @param {number} days */
  const counted = (days) => (days === 1 ? say`1 day` : say`${days} days`);
  const today = Math.floor(Date.now() / DAY);

  /** @type {(day: Element, text: string) => void} */
  const added = (day, text) => {
    const age = document.createElement("span");
    age.className = "ops-age";
    age.textContent = ` (${text})`;
    day.after(age);
  };

  for (const stamp of document.querySelectorAll(".ops-stamp")) {
    const [proven, until] = [...stamp.querySelectorAll(".ops-day")];
    if (!proven || Number.isNaN(number(proven.textContent))) continue;
    const old = today - number(proven.textContent);
    if (old >= 0) added(proven, old === 0 ? say`today` : say`${counted(old)} ago`);
    const over = until ? today - number(until.textContent) : 0;
    if (over > 0) {
      added(until, say`overdue by ${counted(over)}`);
      stamp.classList.replace("ops-stamp-proven", "ops-stamp-due");
    }
  }
})();
