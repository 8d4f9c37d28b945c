// @ts-check
// What a theme leaves out for those who use a keyboard or a screen reader: names of landmarks, and blocks that scroll.
"use strict";

(() => {
  /** What a page says, in its language: words.js has it where that is not English. */
  const say = /** @type {any} */ (window).drillbookSay || String.raw;
  /** @type {[string, string][]} */
  const NAMES = [
    ["aside.sidebar-drawer", say`Contents`],
    ["aside.toc-drawer", say`On this page`],
  ];
  for (const [selector, name] of NAMES) document.querySelector(selector)?.setAttribute("aria-label", name);
  const tools = document.querySelector("div.content-icon-container");
  tools?.setAttribute("role", "navigation");
  tools?.setAttribute("aria-label", say`This page`);

  const top = document.querySelector("a.back-to-top");
  if (top) {
    const landmark = document.createElement("nav");
    landmark.setAttribute("aria-label", say`Top of the page`);
    top.replaceWith(landmark);
    landmark.append(top);
  }

  /** What is wider than its place can be scrolled by keys; what fits is no stop on the way. */
  const scrollable = () => {
    for (const block of document.querySelectorAll("div.highlight pre, .table-wrapper")) {
      if (block.scrollWidth > block.clientWidth) block.setAttribute("tabindex", "0");
      else block.removeAttribute("tabindex");
    }
  };
  scrollable();
  window.addEventListener("resize", scrollable);
  // what is folded away has no width yet
  document.addEventListener("toggle", scrollable, { capture: true });
  document.addEventListener("change", scrollable);
})();
