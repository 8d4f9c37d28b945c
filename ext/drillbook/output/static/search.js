"use strict";
/* The search on every page: as one types, by keyboard alone, from a server and from a file. Nothing is fetched from
   elsewhere; the index is a script of the manual, loaded when somebody begins to search. */
(() => {
  const say = window.drillbookSay || String.raw; // what the page says in its language: words.js has it
  const ROOT = document.documentElement.dataset.content_root || "./";
  const SCRIPTS = ["_static/minisearch-7.2.0.js", "_static/search-words.js", "_static/search-find.js"];
  const INDEX = "search-index.js";
  const WAIT_MS = 8000;
  let loading = null;

  function add(address) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = ROOT + address;
      script.onload = () => resolve();
      script.onerror = () => reject(new Error(address));
      document.head.append(script);
    });
  }

  /* The finder, once everything is there. */
  function finder() {
    loading ||= (async () => {
      for (const script of SCRIPTS) await add(script);
      let made = null;
      window.drillbookSearchIndex = (json) => {
        made = new window.drillbookFinder.Finder(JSON.parse(json));
      };
      await add(INDEX);
      delete window.drillbookSearchIndex;
      if (!made) throw new Error(INDEX);
      return made;
    })();
    loading.catch(() => {
      loading = null; // the next try loads again
    });
    return loading;
  }

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  /* A text with the words that were found marked; never as HTML. */
  function marked(text, words) {
    const found = window.drillbookFinder.inText(text, words);
    const parts = [];
    let end = 0;
    for (const [at, length] of found) {
      if (at < end) continue;
      parts.push(text.slice(end, at), element("mark", {}, text.slice(at, at + length)));
      end = at + length;
    }
    parts.push(text.slice(end));
    return parts;
  }

  let count = 0;

  /* The field, its results, and the keys. */
  class Search {
    constructor() {
      count += 1;
      const name = `ops-search-${count}`;
      this.input = element("input", {
        type: "search",
        class: "ops-search-input",
        placeholder: say`Alert, symptom, setting, command …`,
        "aria-label": say`Search the manual`,
        role: "combobox",
        "aria-expanded": "false",
        "aria-controls": `${name}-results`,
        "aria-autocomplete": "list",
        autocomplete: "off",
        autocapitalize: "off",
        spellcheck: "false",
        enterkeyhint: "go",
      });
      this.status = element("p", { class: "ops-search-status", role: "status" });
      this.results = element("div", { class: "ops-search-results", id: `${name}-results`, role: "listbox", "aria-label": say`Results` });
      this.chosen = -1;
      this.last = "";
      this.input.addEventListener("input", () => this.update());
      this.input.addEventListener("keydown", (event) => this.key(event));
    }

    async update() {
      const query = this.input.value.trim();
      this.last = query;
      if (!query) {
        this.show([], "");
        return;
      }
      const late = setTimeout(() => {
        if (this.last === query) this.status.textContent = say`The index is being loaded …`;
      }, 300);
      try {
        const search = await finder();
        if (this.last === query) this.show(search.find(query), query);
      } catch {
        this.show([], "");
        this.status.textContent = say`The search index could not be loaded. Use the contents at the side.`;
      } finally {
        clearTimeout(late);
      }
    }

    show(found, query) {
      const groups = new Map();
      for (const one of found) groups.set(one.group, [...(groups.get(one.group) || []), one]);
      this.links = [];
      const parts = [];
      for (const [name, ones] of groups) {
        const id = `${this.results.id}-${parts.length}`;
        const list = ones.map((one) => this.option(one));
        parts.push(element("div", { role: "group", "aria-labelledby": id }, element("div", { class: "ops-search-group", id, role: "presentation" }, name), ...list));
      }
      this.results.replaceChildren(...parts);
      this.results.scrollTop = 0;
      this.input.setAttribute("aria-expanded", String(found.length > 0));
      this.choose(found.length ? 0 : -1);
      this.status.textContent = !query ? "" : found.length ? say`${found.length} results` : say`Nothing was found. Try fewer words, or the words of the message.`;
      this.results.dataset.query = query;
    }

    option(one) {
      const title = element("span", { class: "ops-search-title" }, ...marked(one.title, one.marked));
      const link = element("a", { role: "option", href: ROOT + one.address, class: "ops-search-result", id: `${this.results.id}-option-${this.links.length}`, tabindex: "-1", "aria-selected": "false" }, title);
      if (one.page) link.append(element("span", { class: "ops-search-page" }, one.page));
      if (one.excerpt) link.append(element("span", { class: "ops-search-excerpt" }, one.before, ...marked(one.excerpt, one.marked), one.after));
      const number = this.links.length;
      link.addEventListener("mousemove", () => this.choose(number));
      this.links.push(link);
      return link;
    }

    choose(number) {
      this.links ||= [];
      this.links[this.chosen]?.setAttribute("aria-selected", "false");
      this.chosen = number;
      const link = this.links[number];
      if (!link) {
        this.input.removeAttribute("aria-activedescendant");
        return;
      }
      link.setAttribute("aria-selected", "true");
      link.scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", link.id);
    }

    key(event) {
      const many = this.links?.length || 0;
      if (event.isComposing) return;
      if (event.key === "ArrowDown" && many) this.choose((this.chosen + 1) % many);
      else if (event.key === "ArrowUp" && many) this.choose((this.chosen - 1 + many) % many);
      else if (event.key === "Enter") this.go();
      else if (event.key === "Escape" && this.leave) this.leave();
      else return;
      event.preventDefault();
    }

    /* What was typed may be newer than what is shown: then wait for its results. */
    async go() {
      const until = Date.now() + WAIT_MS;
      while (this.results.dataset.query !== this.input.value.trim() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
      this.links?.[this.chosen]?.click();
    }
  }

  /* What one looked for who came to a page that is not there: the last part of its address. */
  function wantedPage() {
    const last = location.pathname.split("/").filter(Boolean).pop() || "";
    try {
      return decodeURIComponent(last).replace(/\.html?$/, "");
    } catch {
      return last;
    }
  }

  /* Where a page has a place for it, it stands in the page; the place says what it begins with. */
  function place() {
    const home = document.querySelector("[data-ops-search]");
    if (!home) return null;
    const search = new Search();
    home.replaceChildren(search.input, search.status, search.results);
    const begins = home.dataset.opsSearch;
    if (begins === "field") {
      search.leave = () => {
        search.input.value = "";
        search.update();
      };
      search.input.addEventListener("focus", () => finder().catch(() => {}));
      return search;
    }
    search.input.value = begins === "path" ? wantedPage() : new URLSearchParams(location.search).get("q") || "";
    if (begins === "address") {
      search.input.addEventListener("input", () => {
        const address = new URL(location.href);
        address.searchParams.set("q", search.input.value);
        history.replaceState(null, "", address);
      });
    }
    search.update();
    search.input.focus();
    return search;
  }

  /* On all others it lies over the page. */
  class Over {
    open(query = "") {
      if (!this.dialog) this.make();
      if (!this.dialog.open) this.dialog.showModal();
      if (query) this.search.input.value = query;
      else this.search.input.select();
      this.search.update();
      finder().catch(() => {});
    }

    make() {
      this.search = new Search();
      this.search.leave = () => this.dialog.close();
      const close = element("button", { type: "button", class: "ops-search-close", "aria-label": say`Close` }, "Esc");
      close.addEventListener("click", () => this.dialog.close());
      this.dialog = element("dialog", { class: "ops-search", "aria-label": say`Search` }, element("div", { class: "ops-search-head" }, this.search.input, close), this.search.status, this.search.results);
      this.dialog.addEventListener("click", (event) => {
        const link = event.target.closest?.("a");
        if (event.target === this.dialog || (link && link.pathname === location.pathname)) this.dialog.close();
      });
      document.body.append(this.dialog);
    }
  }

  function typing(target) {
    return target.isContentEditable || /^(?:input|textarea|select)$/i.test(target.tagName);
  }

  const SVG = "http://www.w3.org/2000/svg";

  function button(open) {
    const glass = document.createElementNS(SVG, "svg");
    glass.setAttribute("viewBox", "0 0 24 24");
    glass.setAttribute("aria-hidden", "true");
    const lines = document.createElementNS(SVG, "path");
    lines.setAttribute("d", "M10 4a6 6 0 1 0 0 12a6 6 0 1 0 0-12M14.5 14.5L20 20");
    glass.append(lines);
    const made = element("button", { type: "button", class: "ops-search-button", "aria-label": say`Search` }, glass);
    made.addEventListener("click", () => open());
    return made;
  }

  function start() {
    const here = place();
    const over = new Over();
    const open = (query) => {
      if (!here) {
        over.open(query);
        return;
      }
      here.input.focus();
      here.input.scrollIntoView({ block: "nearest" });
      if (query) {
        here.input.value = query;
        here.update();
      }
    };
    document.addEventListener("keydown", (event) => {
      const wanted = (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey) || (event.key === "k" && (event.ctrlKey || event.metaKey));
      if (!wanted || (event.key === "/" && typing(event.target))) return;
      event.preventDefault();
      open();
    });
    for (const field of document.querySelectorAll('form[role="search"] input[name="q"], .sidebar-search')) {
      const form = field.form;
      field.setAttribute("placeholder", say`Search  /`);
      // not when it gets the focus: who only passes by with the tab key stays on the page
      const leave = () => {
        const typed = field.value;
        field.value = "";
        field.blur();
        open(typed);
      };
      field.addEventListener("click", leave);
      field.addEventListener("input", (event) => event.isComposing || leave());
      field.addEventListener("compositionend", leave);
      form?.addEventListener("submit", (event) => {
        event.preventDefault();
        open(field.value);
      });
    }
    document.querySelector(".mobile-header .header-right")?.prepend(button(open)); // Furo's, on a telephone
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
