// What is copied of a block: of a console session the commands, by the rules of model/console.py; else all of it.
// This stands inside of the script of sphinx-copybutton, which calls both functions.

/** The text of a block without its line numbers. @param {Element} target @param {string} exclude a selector */
function filterText(target, exclude) {
  const clone = /** @type {Element} */ (target.cloneNode(true));
  if (exclude) clone.querySelectorAll(exclude).forEach((node) => node.remove());
  return clone.textContent || "";
}

/** @param {string} text */
function formatCopyText(text) {
  const HERE_DOCUMENT = /(?<!<)<<-?\s*(['"]?)([\p{L}\p{N}_]+)\1(?!.*<<)/u;
  const lines = text.replace(/\n$/, "").split("\n");
  const prompts = (/** @type {string | undefined} */ line) => line === "$" || Boolean(line?.startsWith("$ "));
  if (lines.some((line) => line.startsWith(">>> "))) {
    return lines.filter((line) => /^(?:>>>|\.\.\.)(?: |$)/.test(line)).map((line) => line.slice(4)).join("\n");
  }
  if (!lines.some(prompts)) return lines.join("\n");
  const copied = [];
  for (let at = 0; at < lines.length; ) {
    if (!prompts(lines[at])) {
      at += 1;
      continue;
    }
    const typed = [lines[at].slice(2)];
    at += 1;
    while (typed[typed.length - 1].endsWith("\\") && at < lines.length) typed.push(lines[at++]);
    const here = HERE_DOCUMENT.exec(typed.join(" "));
    while (here && at < lines.length) {
      typed.push(lines[at++]);
      if (typed[typed.length - 1].trim() === here[2]) break;
    }
    copied.push(...typed);
  }
  return copied.join("\n");
}
