// @ts-check
// Asks readers whether a fix, a procedure, a page was right, and sends what they answer: nothing else about them.
// What cannot be sent is kept in this browser, and sent when the reader says so. An answer gets its key when it is given,
// so that the server knows one that it gets twice.
"use strict";

(() => {
  /** What a page says, in its language: words.js has it where that is not English. */
  const say = /** @type {any} */ (window).drillbookSay || String.raw;
  const WORDS = {
    fix: say`Did this fix it?`,
    procedure: say`Did it work?`,
    page: say`Was this page right?`,
    yes: say`Yes`,
    no: say`No`,
    more: say`What should be different? You may leave this empty. Write no names and no passwords.`,
    send: say`Send`,
    sending: say`Sending …`,
    stored: say`Thank you. It is stored.`,
    kept: (/** @type {number} */ count) => say`Kept on this device (${count}).`,
    keptHere: say`It could not be sent. It is kept on this device.`,
    refused: (/** @type {string} */ reason) => say`It was not taken: ${reason}`,
    lost: say`It could not be sent, and this browser keeps nothing. Try again.`,
    sendNow: say`Send now`,
    allStored: say`All of it is stored. Thank you.`,
    unsent: (/** @type {number} */ count, /** @type {string} */ reason) => say`${count} could not be sent: ${reason}`,
    noAnswer: say`there was no answer.`,
    copy: say`Copy them`,
    copied: say`Copied.`,
    notCopied: say`The browser does not let a page copy.`,
    remove: say`Delete them`,
    removed: say`Deleted.`,
  };
  const LONGEST = 2000; // characters
  const WAIT_MS = 15000;

  /**
   * @typedef {{key: string, page: string, subject: string, verdict: string, text: string, version: string,
   *   language: string}} Answer
   */

  const root = /** @type {HTMLElement | null} */ (document.querySelector(".ops-feedback[data-send]"));
  if (!root) {
    return;
  }
  const isFile = location.protocol === "file:";

  /** Where to send to; empty when a page that was opened as a file does not know. */
  const address = (() => {
    const { send = "", published = "" } = root.dataset;
    const given = isFile && !/^https?:/.test(send) ? published : send;
    try {
      return given && new URL(given, location.href).href;
    } catch {
      return "";
    }
  })();

  const KEY = `drillbook-feedback:${address}`; // one server may have several manuals

  /**
   * @template {keyof HTMLElementTagNameMap} Name
   * @param {Name} name
   * @param {string} classes
   * @param {string} [text]
   * @returns {HTMLElementTagNameMap[Name]}
   */
  const make = (name, classes, text = "") => {
    const element = document.createElement(name);
    element.className = classes;
    element.textContent = text;
    return element;
  };

  /** @param {string} text @param {() => void} act */
  const button = (text, act) => {
    const made = make("button", "ops-button", text);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  };

  const status = () => {
    const said = make("p", "ops-feedback-said");
    said.setAttribute("role", "status");
    said.tabIndex = -1;
    return said;
  };

  /** @returns {Answer[]} */
  const load = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY) || "[]");
      return Array.isArray(kept) ? kept.filter((each) => each && typeof each.key === "string") : [];
    } catch {
      return []; // no storage, or not ours
    }
  };

  /** @param {Answer[]} answers @returns {boolean} whether they are kept */
  const save = (answers) => {
    try {
      if (answers.length) {
        localStorage.setItem(KEY, JSON.stringify(answers));
      } else {
        localStorage.removeItem(KEY);
      }
      return true;
    } catch {
      return false;
    }
  };

  /** A UUID, version 4. `crypto.randomUUID` is missing where the page is no secure context. */
  const uuid = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };

  /** Send one answer. @param {Answer} answer @returns {Promise<string>} empty when it is stored, else why not */
  const send = async (answer) => {
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), WAIT_MS);
    try {
      const response = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(answer),
        credentials: "omit",
        referrerPolicy: "no-referrer",
        signal: waiting.signal,
      });
      if (response.ok) {
        const stored = await response.json();
        return stored.stored === true && stored.key === answer.key ? "" : WORDS.noAnswer;
      }
      const problem = await response.json();
      return typeof problem.detail === "string" ? problem.detail.slice(0, 200) : WORDS.noAnswer;
    } catch {
      return WORDS.noAnswer; // no network, a page in place of an answer, or too late
    } finally {
      clearTimeout(timer);
    }
  };

  // What is kept, and what can be done with it: at the end of the page, or where the last answer was given.
  const shelf = make("div", "ops-feedback-kept");
  const count = make("span", "");
  count.setAttribute("role", "status");
  const outcome = status();
  const sendNow = button(WORDS.sendNow, () => void sendKept());
  const copy = button(WORDS.copy, () => void copyKept());
  const remove = button(WORDS.remove, () => {
    save([]);
    show();
    tell(outcome, WORDS.removed);
  });
  const tools = make("p", "ops-feedback-tools");
  tools.append(count, " ", ...(address ? [sendNow] : []), " ", copy, " ", remove);
  shelf.append(tools, outcome);

  /** @param {HTMLElement} place @param {string} text */
  const tell = (place, text) => {
    place.textContent = text;
    place.focus({ preventScroll: true }); // the button that was pressed may be gone
  };

  const show = () => {
    const kept = load().length;
    tools.hidden = kept === 0;
    count.textContent = kept ? WORDS.kept(kept) : "";
  };

  const sendKept = async () => {
    sendNow.disabled = true;
    outcome.textContent = WORDS.sending;
    let reason = "";
    for (const answer of load()) {
      const failed = await send(answer);
      if (failed) {
        reason = failed;
      } else {
        save(load().filter((each) => each.key !== answer.key)); // another tab may have kept more meanwhile
      }
    }
    sendNow.disabled = false;
    show();
    tell(outcome, reason ? WORDS.unsent(load().length, reason) : WORDS.allStored);
  };

  const copyKept = async () => {
    try {
      await navigator.clipboard.writeText(JSON.stringify(load(), null, 1));
      tell(outcome, WORDS.copied);
    } catch {
      tell(outcome, WORDS.notCopied);
    }
  };

  /** @param {HTMLElement} place */
  const ask = (place) => {
    const { subject = "" } = place.dataset;
    const kind = /** @type {"fix" | "procedure" | "page"} */ (subject.split(" ")[0]);
    const form = make("fieldset", "ops-feedback-form");
    form.append(make("legend", "", WORDS[kind]));
    const said = status();
    let verdict = "";

    const label = make("label", "", WORDS.more);
    const text = make("textarea", "");
    text.maxLength = LONGEST;
    text.rows = 3;
    label.append(text);
    const give = button(WORDS.send, () => void finish());
    const more = make("div", "ops-feedback-more");
    more.hidden = true;
    more.append(label, give);

    const choices = /** @type {const} */ (["yes", "no"]).map((value) => {
      const choice = button(WORDS[value], () => {
        verdict = value;
        for (const each of choices) {
          each.setAttribute("aria-pressed", String(each === choice));
        }
        more.hidden = false;
      });
      choice.setAttribute("aria-pressed", "false");
      return choice;
    });
    const buttons = make("div", "ops-feedback-choices");
    buttons.append(...choices);
    form.append(buttons, more);
    place.append(form, said);

    /** @type {Answer | null} */
    let answer = null;
    const finish = async () => {
      const { page = "", version = "", language = "en" } = root.dataset;
      const given = { page, subject, verdict, text: text.value, version, language };
      // tried again without a change, it is the same answer
      if (!answer || answer.verdict !== verdict || answer.text !== given.text) {
        answer = { key: uuid(), ...given };
      }
      give.disabled = true;
      said.textContent = WORDS.sending;
      const reason = isFile || !address ? WORDS.noAnswer : await send(answer);
      give.disabled = false;
      if (!reason) {
        form.remove();
        tell(said, WORDS.stored);
      } else if (save([...load(), answer])) {
        form.remove();
        place.append(shelf);
        show();
        outcome.textContent = "";
        tell(said, reason === WORDS.noAnswer ? WORDS.keptHere : `${WORDS.refused(reason)} ${WORDS.keptHere}`);
      } else {
        tell(said, reason === WORDS.noAnswer ? WORDS.lost : WORDS.refused(reason));
      }
    };
  };

  document.querySelectorAll(".ops-feedback[data-subject]").forEach((place) => ask(/** @type {HTMLElement} */ (place)));
  root.append(shelf);
  show();
})();
