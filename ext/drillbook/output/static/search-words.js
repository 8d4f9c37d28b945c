"use strict";
/* Words of a text, as the index has them: the same rules as in search/words.py, which says why. */
(() => {
  const CHUNK = /[\p{L}\p{N}](?:[\p{L}\p{N}_.:/@+-]*[\p{L}\p{N}])?/gu;
  const PARTS = /[\p{L}\p{N}]+/gu;
  const CAMEL = /[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|[0-9]+/g;
  const CJK = /[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+/gu;
  const MARKS = /[\u0300-\u036f]/g;
  const ASCII = /^[\x00-\x7f]*$/;
  const LONGEST = 60;

  const plain = (text) => {
    const lower = text.toLowerCase();
    return ASCII.test(lower) ? lower : lower.normalize("NFKD").replace(MARKS, "").replace(/ß/g, "ss");
  };

  function latin(part, found) {
    if (!part || part.length > LONGEST) return;
    found.push(plain(part));
    const humps = ASCII.test(part) ? part.match(CAMEL) || [] : [];
    if (humps.length > 1) for (const hump of humps) if (hump.length > 1) found.push(hump.toLowerCase());
  }

  function words(text) {
    const found = [];
    for (const [chunk] of text.matchAll(CHUNK)) {
      const parts = chunk.match(PARTS);
      if (parts.length > 1 && chunk.length <= LONGEST) found.push(plain(chunk));
      for (const part of parts) {
        let end = 0;
        for (const run of part.matchAll(CJK)) {
          latin(part.slice(end, run.index), found);
          const letters = run[0];
          if (letters.length === 1) found.push(letters);
          for (let at = 0; at + 1 < letters.length; at += 1) found.push(letters.slice(at, at + 2));
          end = run.index + letters.length;
        }
        latin(part.slice(end), found);
      }
    }
    return found;
  }

  window.drillbookWords = { plain, words };
})();
