"use strict";
/* Finds records for what is typed: MiniSearch's BM25 with beginnings and typing errors, then what stands there literally. */
(() => {
  const say = window.drillbookSay || String.raw; // what the page says in its language: words.js has it
  const { plain, words } = window.drillbookWords;
  const KINDS = {
    alert: [say`Alerts`, 1.7],
    procedure: [say`Procedures`, 1.5],
    page: [say`Pages`, 1.15],
    setting: [say`Settings`, 1.2],
    command: [say`Commands`, 1.1],
    error: [say`Errors`, 1.2],
    metric: [say`Metrics`, 1.1],
    route: [say`Routes`, 1.1],
    component: [say`Components`, 1],
    fault: [say`Faults`, 0.9],
    severity: [say`Severities`, 1.1],
    term: [say`Glossary`, 1],
    api: [say`Python`, 0.7],
    toolkit: [say`Writing`, 0.7],
  };
  // Words that say nothing alone, by language. English ones count everywhere: errors are in English.
  const LITTLE = {
    en: "a an and are as at be by do does for from has have how i if in is it its me my now of on or our so that the there this to was we what when where which who why will with you your",
    de: "aber als am an auf aus bei bin das dass dem den der des die ein eine einem einen einer eines er es fur hat haben ich ihr im in ist kann mein mit nach nicht noch oder sich sie sind so um und uns unser von vom war warum was wenn wer werden wie wir wird wo zu zum zur",
  };
  const ENDINGS = /(?:ings?|ed|es|s)$/;
  const NOISE = new Set([LITTLE.en, LITTLE[document.documentElement.lang.slice(0, 2)] || ""].join(" ").split(" "));
  const PARTICLE = /[的了吗呢吧么着]/; // a pair of Chinese letters with one of these is no word
  const NAMES = new Set(["alert", "setting", "command", "error", "metric", "route", "component", "fault"]); // pasted whole
  const LOOKED_AT = 60; // the best by words, which are then compared letter by letter
  const PER_PAGE = 3;
  const LEAST = 0.1; // of the score of the best: what is further behind is there by chance
  const FAR = 4; // by how much more the best may count in that: a name typed whole hides nothing else
  const SHOWN = 24;

  const stem = (word) => {
    if (!/^[a-z]{5,}$/.test(word)) return word;
    const cut = word.replace(ENDINGS, "");
    return cut.length >= 4 ? cut : word;
  };

  const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);

  class Finder {
    constructor({ index, records }) {
      this.records = records;
      this.plain = new Map();
      const options = {
        fields: ["title", "page", "text", "keywords"],
        idField: "id",
        tokenize: words,
        processTerm: (term) => term,
      };
      this.mini = window.MiniSearch.loadJS(index, options);
    }

    /* Texts without case and accents, made once. */
    compared(id) {
      let made = this.plain.get(id);
      if (!made) {
        const [, title, page, , text, keywords] = this.records[id];
        made = [plain(title), plain(page), plain(text), words(keywords).map(stem)];
        this.plain.set(id, made);
      }
      return made;
    }

    terms(query) {
      const all = [...new Set(words(query))];
      const telling = all.filter((word) => !NOISE.has(word) && !PARTICLE.test(word));
      return telling.length > 1 || (telling.length && all.length < 3) ? telling : all;
    }

    find(query) {
      const terms = this.terms(query);
      if (!terms.length) return [];
      const stems = [...new Set(terms.map(stem))];
      const found = this.mini.search(query, {
        tokenize: () => stems,
        processTerm: (term) => term,
        prefix: (term) => term.length > 2 || term === stems[stems.length - 1],
        fuzzy: (term) => (/[0-9]/.test(term) || term.length < 5 ? false : term.length < 8 ? 1 : 2),
        weights: { fuzzy: 0.3, prefix: 0.55 },
        boost: { title: 5, page: 2.2, text: 1, keywords: 4 },
        combineWith: "OR",
      });
      const literal = plain(query).trim().replace(/\s+/g, " ").replace(/^\$ |[?!.]+$/g, "");
      const tells = this.telling(found);
      const all = sum(stems.map(tells));
      const ranked = [];
      for (const one of found) {
        const share = sum([...new Set(one.queryTerms)].map(tells)) / all;
        const [kind] = this.records[one.id];
        ranked.push({ id: one.id, match: one.terms, score: one.score * share * share * (KINDS[kind] || ["", 1])[1] });
      }
      ranked.sort((a, b) => b.score - a.score);
      const best = ranked.slice(0, LOOKED_AT);
      let least = 0;
      for (const one of best) {
        const factor = this.literally(one.id, literal, terms);
        least = Math.max(least, one.score * Math.min(factor, FAR) * LEAST);
        one.score *= factor;
      }
      best.sort((a, b) => b.score - a.score);
      const pages = new Map();
      const kept = best.filter((one) => {
        if (one.score < least) return false;
        const page = this.records[one.id][3].split("#")[0];
        pages.set(page, (pages.get(page) || 0) + 1);
        return pages.get(page) <= PER_PAGE;
      });
      return kept.slice(0, SHOWN).map((one) => this.result(one, terms));
    }

    /* How much a word tells: a rare one more than one that is everywhere. */
    telling(found) {
      const often = new Map();
      for (const one of found) for (const term of new Set(one.queryTerms)) often.set(term, (often.get(term) || 0) + 1);
      return (term) => Math.log(1 + this.records.length / (often.get(term) || 1));
    }

    /* By how much more something counts that has what was typed, letter by letter. */
    literally(id, literal, terms) {
      const [title, page, text, keywords] = this.compared(id);
      const [kind, , , address] = this.records[id];
      let factor = 1;
      if (title.replace(/[?!.]+$/, "") === literal) return (NAMES.has(kind) ? 40 : 16) * (address.includes("#") ? 1 : 2); // the page before what it describes
      const asked = terms.map(stem);
      const named = words(title).filter((word) => !NOISE.has(word)).map(stem);
      const meets = (word, others) => others.some((other) => other.startsWith(word) || word.startsWith(other));
      const share = asked.filter((word) => meets(word, named) || meets(word, keywords)).length / asked.length;
      factor *= 1 + 1.5 * share * share;
      if (named.length > 1 && named.every((word) => meets(word, asked))) factor *= 1.4; // all that it is called was asked for
      else if (share < 1 && asked.every((word) => meets(word, named) || page.includes(word))) factor *= 1.4;
      // what was pasted stands there: the longer it is, the less by chance
      if (literal.length > 3 && terms.length > 1 && text.includes(literal)) factor *= Math.min(8, 1 + literal.length / 6);
      return factor;
    }

    result(one, terms) {
      const [kind, title, page, address, text] = this.records[one.id];
      const marked = [...new Set([...terms, ...one.match])].sort((a, b) => b.length - a.length);
      return { kind, group: (KINDS[kind] || [kind])[0], title, page, address, score: one.score, ...excerpt(text, marked) };
    }
  }

  const BEFORE = 60;
  const LONG = 190;

  /* The place in a text where most of the words are, and where in it they stand. */
  function excerpt(text, marked) {
    const compared = plain(text);
    const same = compared.length === text.length; // else accents have moved the letters, and the beginning is shown
    const places = same ? occurrences(compared, marked) : [];
    let start = 0;
    let most = 0;
    for (const [at] of places) {
      const near = new Set(places.filter(([other]) => other >= at && other < at + LONG - BEFORE).map(([, , word]) => word));
      if (near.size > most) [most, start] = [near.size, at];
    }
    start = Math.max(0, start - BEFORE);
    while (start > 0 && start < text.length && !/\s/.test(text[start - 1])) start += 1;
    const end = Math.min(text.length, start + LONG);
    const shown = text.slice(start, end);
    return { before: start ? "… " : "", excerpt: shown, after: end < text.length ? " …" : "", marked };
  }

  /* Where words stand in a text, as letters of the text: accents and ligatures have other lengths when compared. */
  function inText(text, marked) {
    let compared = "";
    const from = [];
    let at = 0;
    for (const letter of text) {
      const made = plain(letter);
      for (let k = 0; k < made.length; k += 1) from.push(at);
      compared += made;
      at += letter.length;
    }
    from.push(at);
    return occurrences(compared, marked).map(([start, length]) => [from[start], from[start + length] - from[start]]);
  }

  function occurrences(compared, marked) {
    const places = [];
    for (const word of marked) {
      let at = -1;
      while (places.length < 60 && (at = compared.indexOf(word, at + 1)) >= 0) {
        if (at === 0 || !/[\p{L}\p{N}]/u.test(compared[at - 1])) places.push([at, word.length, word]);
      }
    }
    return places.sort((a, b) => a[0] - b[0]);
  }

  window.drillbookFinder = { Finder, inText };
})();
