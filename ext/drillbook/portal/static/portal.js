// @ts-check
// Who goes to another version or language stays at the place that is read. That is only known here: the address may
// have changed since the page was loaded. Without a script the links lead to the top of the page.
"use strict";

for (const kind of ["click", "auxclick", "contextmenu"]) {
  document.addEventListener(kind, ({ target }) => {
    const link = target instanceof Element && target.closest("a[data-ops-same]");
    if (link instanceof HTMLAnchorElement) link.hash = location.hash;
  });
}
