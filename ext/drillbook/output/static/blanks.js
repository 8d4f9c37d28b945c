// @ts-check
// Fills the blanks of a page: what is typed once stands in every command, and is kept in this browser alone.
// A value that the blank's type does not allow never reaches a command; the rules are those of model/blank.py.
"use strict";

(() => {
  /** What a page says, in its language: words.js has it where that is not English. */
  const say = /** @type {any} */ (window).drillbookSay || String.raw;
  const KEY = `drillbook-blanks:${location.pathname.replace(/index\.html$/, "")}`;
  const WORD = /^[\w.,:/@%+=-]+$/;

  /** @returns {Record<string, string>} */
  const load = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY) || "{}");
      return kept && typeof kept === "object" && !Array.isArray(kept) ? kept : {};
    } catch {
      return {}; // no storage, or not ours
    }
  };

  /** @param {Record<string, string>} values */
  const save = (values) => {
    try {
      if (Object.keys(values).length) {
        localStorage.setItem(KEY, JSON.stringify(values));
      } else {
        localStorage.removeItem(KEY);
      }
    } catch {
      // then the values last as long as the page is open
    }
  };

  /** What is wrong with a value; empty when it may be used. */
  const problem = (/** @type {HTMLInputElement | HTMLSelectElement} */ field, /** @type {string} */ value) => {
    const type = field.dataset.type;
    if (type === "choice") {
      return field instanceof HTMLSelectElement && [...field.options].some((option) => option.value === value)
        ? ""
        : say`choose one of the list`;
    }
    if (type === "text" || !(field instanceof HTMLInputElement)) {
      if (!WORD.test(value)) {
        return say`must be one word of letters, digits and . , : / @ % + = _ -`;
      }
      return fits(value, field.dataset.pattern) ? "" : say`must match ${field.dataset.pattern}`;
    }
    const whole = type === "integer";
    if (!(whole ? /^-?\d+$/ : /^-?\d+(\.\d+)?$/).test(value)) {
      return whole ? say`must be a whole number` : say`must be a number`;
    }
    if (field.min !== "" && Number(value) < Number(field.min)) {
      return say`must be at least ${field.min}`;
    }
    return field.max !== "" && Number(value) > Number(field.max) ? say`must be at most ${field.max}` : "";
  };

  /** @param {string} value @param {string} [pattern] */
  const fits = (value, pattern) => {
    try {
      return !pattern || new RegExp(`^(?:${pattern})$`).test(value);
    } catch {
      return true; // a pattern that only Python reads; the value is one plain word all the same
    }
  };

  const values = load();
  const fills = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".ops-fill[data-blank]"));

  /** @param {string} name @param {string} value empty to leave the blank open */
  const put = (name, value) => {
    for (const fill of fills) {
      if (fill.dataset.blank === name) {
        fill.textContent = value || `{{ ${name} }}`;
        fill.classList.toggle("ops-filled", value !== "");
      }
    }
    if (value) {
      values[name] = value;
    } else {
      delete values[name];
    }
    save(values);
  };

  /** @param {HTMLElement} frame */
  const connect = (frame) => {
    const field = /** @type {HTMLInputElement | HTMLSelectElement | null} */ (frame.querySelector("[data-blank]"));
    const message = frame.querySelector(".ops-problem");
    const name = field?.dataset.blank;
    if (!field || !message || !name) {
      return;
    }

    /** @param {boolean} finished whether to say what is wrong: not while somebody is still typing */
    const take = (finished) => {
      const value = field.value.trim();
      const unreadable = field instanceof HTMLInputElement && field.validity.badInput;
      const wrong = value || unreadable ? problem(field, value) : "";
      put(name, wrong ? "" : value);
      if (finished || !wrong || field.hasAttribute("aria-invalid")) {
        message.textContent = wrong ? say`Not used: ${name} ${wrong}.` : "";
        if (wrong) {
          field.setAttribute("aria-invalid", "true");
        } else {
          field.removeAttribute("aria-invalid");
        }
      }
    };

    const clear = document.createElement("button");
    clear.type = "button";
    clear.className = "ops-button ops-clear";
    clear.textContent = say`Clear`;
    clear.setAttribute("aria-label", say`Clear ${name}`);
    clear.addEventListener("click", () => {
      field.value = "";
      take(true);
      field.focus();
    });
    message.before(clear);
    field.addEventListener("input", () => take(false));
    field.addEventListener("change", () => take(true));
    const kept = values[name];
    field.value = typeof kept === "string" ? kept : "";
    take(true);
    frame.hidden = false;
  };

  document.querySelectorAll(".ops-input").forEach((frame) => connect(/** @type {HTMLElement} */ (frame)));
})();
