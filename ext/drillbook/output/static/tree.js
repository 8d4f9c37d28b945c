// @ts-check
// Steps through a troubleshooting tree, one question at a time. The place and the answers are kept in the address:
// #tree-Name/2.sx0f1a/1.sx0f2b are the second answer to the first question and the first to the next, each with its
// time. So the address can be given to a colleague, and the browser's own way back works.
"use strict";

(() => {
  /** What a page says, in its language: words.js has it where that is not English. */
  const say = /** @type {any} */ (window).drillbookSay || String.raw;

  /**
   * @typedef {{says: string, when: string, target: string, link: HTMLAnchorElement}} Answer
   *   what it says, when it holds, the id of the step that it leads to (empty if it leads to another tree)
   * @typedef {{item: HTMLLIElement, title: HTMLElement, says: string, answers: Answer[]}} Step
   * @typedef {{step: Step, answer: Answer, hash: string, time: string}} Given
   *   an answer that was given: to which step, the address of that step, when
   * @typedef {{root: HTMLElement, bar: HTMLElement, overview: HTMLElement | null, list: HTMLElement, name: string,
   *   steps: Step[], said: HTMLElement}} Tree
   */

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

  /** @param {string} text @param {() => void} act @param {string} [classes] */
  const button = (text, act, classes = "ops-button") => {
    const made = make("button", classes, text);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  };

  /** @param {Element | null} element */
  const words = (element) => (element?.textContent || "").replace(/\s+/g, " ").trim();

  /** @param {HTMLLIElement} item @returns {Step} */
  const readStep = (item) => {
    const title = /** @type {HTMLElement} */ (item.querySelector(":scope > .ops-title"));
    const answers = [...item.querySelectorAll(":scope > .ops-answers > li")].flatMap((answer) => {
      const link = /** @type {HTMLAnchorElement | null} */ (answer.querySelector("p > a:last-of-type"));
      const href = link?.getAttribute("href") || "";
      const when = words(answer.querySelector(".ops-condition")).replace(/^\(|\)$/g, "");
      const says = words(answer.querySelector("strong"));
      return link ? [{ says, when, target: href.startsWith("#") ? decoded(href.slice(1)) : "", link }] : [];
    });
    return { item, title, says: words(title), answers };
  };

  /** @param {string} text */
  const decoded = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };

  /** @param {HTMLElement} root @returns {Tree | null} */
  const readTree = (root) => {
    const bar = /** @type {HTMLElement | null} */ (root.querySelector(":scope > .ops-bar"));
    const list = /** @type {HTMLElement | null} */ (root.querySelector(":scope > ol.ops-tree"));
    if (!bar || !list || !root.id) {
      return null;
    }
    const items = /** @type {HTMLLIElement[]} */ ([...list.children].filter((child) => child.matches("li.ops-node")));
    items.forEach((item, index) => {
      item.value = index + 1; // a step keeps its number while others are hidden
    });
    const said = make("p", "ops-said");
    said.setAttribute("role", "status");
    const overview = /** @type {HTMLElement | null} */ (root.querySelector(":scope > .ops-overview"));
    return { root, bar, overview, list, name: bar.dataset.title || root.id, steps: items.map(readStep), said };
  };

  /** @param {Tree} tree @param {string} id */
  const stepOf = (tree, id) => tree.steps.find((step) => step.item.id === id);

  /**
   * Follow the answers of an address as far as they exist.
   * @param {Tree} tree
   * @param {string[]} written
   * @returns {{step: Step, given: Given[]}}
   */
  const follow = (tree, written) => {
    let step = tree.steps[0];
    let hash = `#${tree.root.id}/`;
    /** @type {Given[]} */
    const given = [];
    for (const part of written.filter(Boolean)) {
      const [number, stamp = ""] = part.split(".");
      const answer = step.answers[Number(number) - 1];
      const next = answer && stepOf(tree, answer.target);
      if (!next || given.length > tree.steps.length) {
        break;
      }
      given.push({ step, answer, hash, time: timeOf(stamp) });
      hash = `${hash}${hash.endsWith("/") ? "" : "/"}${part}`;
      step = next;
    }
    return { step, given };
  };

  /** @param {string} stamp */
  const timeOf = (stamp) => {
    const seconds = /^[0-9a-z]{5,7}$/.test(stamp) ? parseInt(stamp, 36) : NaN;
    return Number.isNaN(seconds) ? "" : iso(new Date(seconds * 1000));
  };

  /** @param {Date} time */
  const iso = (time) => time.toISOString().replace(/\.\d+Z$/, "Z");

  /** @param {Tree} tree @param {Given[]} given @param {number} answer */
  const after = (tree, given, answer) => {
    const parts = location.hash.slice(1).split("/").slice(1).filter(Boolean).slice(0, given.length);
    const stamp = Math.floor(Date.now() / 1000).toString(36);
    return `#${tree.root.id}/${[...parts, `${answer + 1}.${stamp}`].join("/")}`;
  };

  /** The commands that a step shows, as one types them. @param {Step} step */
  const commands = (step) =>
    [...step.item.querySelectorAll("pre")].flatMap((block) => {
      const lines = (block.textContent || "").split("\n").filter((line) => line.trim());
      const typed = lines.filter((line) => line.startsWith("$ "));
      return typed.length || !block.closest(".highlight-promql") ? typed : lines;
    });

  /** @param {Tree} tree @param {Step} step @param {Given[]} given */
  const log = (tree, step, given) => {
    const entries = given.flatMap((entry) => [
      say`${entry.time || say`(time not known)`} Step ${entry.step.item.value}. ${entry.step.says}`,
      ...commands(entry.step).map((line) => `    ${line}`),
      `    -> ${entry.answer.says}${entry.answer.when ? ` (${entry.answer.when})` : ""}`,
    ]);
    const now = say`${iso(new Date())} Now at step ${step.item.value}. ${step.says}`;
    return [say`Incident log: ${tree.name} (times in UTC)`, location.href, "", ...entries, now, ""].join("\n");
  };

  /** @param {Tree} tree @param {string} text */
  const copy = async (tree, text) => {
    try {
      await navigator.clipboard.writeText(text); // missing where the page is no secure context
      tree.said.textContent = say`Copied.`;
      return;
    } catch {
      tree.bar.querySelector(".ops-log")?.remove();
    }
    const area = make("textarea", "ops-log");
    area.value = text;
    area.rows = 8;
    area.readOnly = true;
    area.setAttribute("aria-label", say`Incident log`);
    tree.bar.append(area);
    area.focus();
    area.select();
    if (document.execCommand("copy")) {
      area.remove();
      tree.bar.querySelector("button")?.focus();
      tree.said.textContent = say`Copied.`;
    } else {
      tree.said.textContent = say`The browser does not let a page copy: copy this text by hand.`;
    }
  };

  /** @param {Tree} tree */
  const showWhole = (tree) => {
    tree.root.classList.remove("ops-stepping");
    tree.steps.forEach((step) => step.item.removeAttribute("hidden"));
    markDrawing(tree, []);
    if (tree.overview) {
      tree.list.before(tree.overview);
      const first = tree.overview.querySelector("a.ops-box");
      if (first) {
        centre(first); // on a telephone the beginning would be out of sight
      }
    }
    const start = button(say`Step through`, () => {
      location.hash = `#${tree.root.id}/`;
    });
    tree.said.textContent = "";
    tree.bar.replaceChildren(start, tree.said);
  };

  /** @param {Tree} tree @param {string[]} written */
  const showStep = (tree, written) => {
    const { step, given } = follow(tree, written);
    tree.root.classList.add("ops-stepping");
    tree.steps.forEach((other) => other.item.toggleAttribute("hidden", other !== step));
    choices(tree, step, given);
    if (tree.overview) {
      tree.list.after(tree.overview);
    }
    markDrawing(tree, [...given.map((entry) => entry.step), step]);
    const back = button(say`Back`, () => {
      location.hash = given.length ? given[given.length - 1].hash : `#${tree.root.id}`;
    });
    const leave = button(say`Show the whole tree`, () => {
      location.hash = `#${tree.root.id}`;
    });
    const keep = button(say`Copy as incident log`, () => void copy(tree, log(tree, step, given)));
    const buttons = make("div", "ops-buttons");
    buttons.append(back, leave, keep);
    tree.said.textContent = say`Step ${step.item.value}. Answers so far: ${given.length}.`;
    tree.bar.replaceChildren(buttons, tree.said, trail(given));
    step.title.tabIndex = -1;
    tree.bar.scrollIntoView({ block: "start", behavior: "instant" }); // the theme scrolls smoothly, and gives up
    step.title.focus({ preventScroll: true });
  };

  /** What was answered, each a way back. @param {Given[]} given */
  const trail = (given) => {
    const nav = make("nav", "ops-trail");
    nav.setAttribute("aria-label", say`Answers so far`);
    const list = make("ol", "");
    for (const entry of given) {
      const item = make("li", "");
      item.value = entry.step.item.value;
      const way = make("a", "", entry.step.says);
      way.href = entry.hash;
      item.append(way, " ", make("strong", "", entry.answer.says));
      list.append(item);
    }
    nav.append(list);
    nav.hidden = !given.length;
    return nav;
  };

  /** The answers of a step as buttons; those that lead to another tree are links. */
  const choices = (/** @type {Tree} */ tree, /** @type {Step} */ step, /** @type {Given[]} */ given) => {
    step.item.querySelector(":scope > .ops-choices")?.remove();
    if (!step.answers.length) {
      return;
    }
    const group = make("div", "ops-choices");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", say`Answers`);
    step.answers.forEach((answer, index) => {
      const choose = () => {
        location.hash = after(tree, given, index);
      };
      let choice;
      if (stepOf(tree, answer.target)) {
        choice = button("", choose, "ops-choice");
      } else {
        choice = make("a", "ops-choice");
        choice.href = answer.link.href;
      }
      choice.append(make("strong", "", answer.says));
      const more = [answer.when, choice instanceof HTMLAnchorElement ? words(answer.link) : ""].filter(Boolean);
      if (more.length) {
        choice.append(" ", make("span", "ops-when", more.join(": ")));
      }
      group.append(choice);
    });
    step.item.append(group);
  };

  /** Show in the drawing where one is, and how one came there. @param {Tree} tree @param {Step[]} path */
  const markDrawing = (tree, path) => {
    for (const box of tree.overview?.querySelectorAll("a.ops-box") || []) {
      const id = decoded((box.getAttribute("href") || "").slice(1));
      const place = path.findIndex((step) => step.item.id === id);
      box.classList.toggle("ops-been", place >= 0);
      if (place >= 0 && place === path.length - 1) {
        box.setAttribute("aria-current", "step");
        centre(box);
      } else {
        box.removeAttribute("aria-current");
      }
    }
  };

  /** Scroll a wide drawing, and nothing else, to a box. @param {Element} box */
  const centre = (box) => {
    const frame = box.closest(".ops-scroll");
    if (frame) {
      const [inner, outer] = [box.getBoundingClientRect(), frame.getBoundingClientRect()];
      frame.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
    }
  };

  /** A box of the drawing leads back to a step of the way; any other leads to its place in the whole tree. */
  const fromDrawing = (/** @type {Tree} */ tree, /** @type {Event} */ event) => {
    const box = event.target instanceof Element ? event.target.closest("a.ops-box") : null;
    const { id, written } = address();
    if (!box || id !== tree.root.id || !written) {
      return;
    }
    const { step, given } = follow(tree, written);
    const wanted = decoded((box.getAttribute("href") || "").slice(1));
    const before = given.find((entry) => entry.step.item.id === wanted);
    if (before || step.item.id === wanted) {
      event.preventDefault();
      location.hash = before ? before.hash : location.hash;
    }
  };

  /** @returns {{id: string, written: string[] | null}} the place in the address, and its answers when stepping */
  const address = () => {
    const [id, ...written] = decoded(location.hash.slice(1)).split("/");
    return { id, written: location.hash.includes("/") ? written : null };
  };

  /** @type {Tree[]} */
  const trees = [];

  /** Show what the address says. @param {boolean} arrived whether the page has only now been opened */
  const show = (arrived) => {
    const { id, written } = address();
    let left = null;
    for (const tree of trees) {
      if (written && id === tree.root.id) {
        showStep(tree, written);
      } else {
        left = tree.root.classList.contains("ops-stepping") ? tree : left;
        if (arrived || left === tree) {
          showWhole(tree);
        }
      }
    }
    if (left && !written) {
      const target = document.getElementById(id); // was hidden when the browser looked for it
      target?.scrollIntoView({ behavior: "instant" });
      const step = stepOf(left, id);
      if (step) {
        step.title.tabIndex = -1;
        step.title.focus({ preventScroll: true });
      } else {
        left.bar.querySelector("button")?.focus({ preventScroll: true });
      }
    }
  };

  for (const root of document.querySelectorAll(".ops-tree > .ops-bar")) {
    const tree = root.parentElement && readTree(root.parentElement);
    if (tree && tree.steps.length) {
      trees.push(tree);
      tree.overview?.addEventListener("click", (event) => fromDrawing(tree, event));
    }
  }
  window.addEventListener("hashchange", () => show(false));
  document.addEventListener("keydown", (event) => {
    const { id, written } = address();
    if (event.key === "Escape" && !event.defaultPrevented && written && trees.some((tree) => tree.root.id === id)) {
      location.hash = `#${id}`;
    }
  });
  show(true);
})();
