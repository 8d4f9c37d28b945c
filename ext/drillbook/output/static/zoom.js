// @ts-check
// Drawings can be made larger. A larger one scrolls in its frame, which fingers, wheels and arrow keys do by themselves;
// a mouse can drag it.
"use strict";

(() => {
  /** What a page says, in its language: words.js has it where that is not English. */
  const say = /** @type {any} */ (window).drillbookSay || String.raw;
  const LARGEST = 8;
  const STEP = 1.5;

  /** @param {HTMLElement} frame */
  const zoomable = (frame) => {
    const drawing = frame.querySelector("svg");
    if (!drawing) return;
    let zoom = 1;
    let fitted = 0;

    /** @type {(wanted: number, x?: number, y?: number) => void} */
    const set = (wanted, x = frame.clientWidth / 2, y = frame.clientHeight / 2) => {
      const next = Math.min(Math.max(wanted, 1), LARGEST);
      if (next === zoom) return;
      if (zoom === 1) fitted = drawing.getBoundingClientRect().width;
      const left = (frame.scrollLeft + x) * (next / zoom) - x; // what is at this point stays there
      const top = (frame.scrollTop + y) * (next / zoom) - y;
      zoom = next;
      frame.classList.toggle("ops-zoomed", zoom > 1);
      drawing.style.width = zoom > 1 ? `${fitted * zoom}px` : "";
      frame.scrollTo({ left, top, behavior: "instant" });
      fit.disabled = less.disabled = zoom === 1;
      more.disabled = zoom === LARGEST;
      said.textContent = `${Math.round(zoom * 100)} %`;
    };

    const bar = document.createElement("div");
    bar.className = "ops-zoom no-print";
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", say`Size of the drawing`);
    /** @type {(text: string, label: string, act: () => void) => HTMLButtonElement} */
    const button = (text, label, act) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = text;
      made.title = label;
      made.setAttribute("aria-label", label);
      made.addEventListener("click", act);
      bar.append(made);
      return made;
    };
    const more = button("+", say`Larger`, () => set(zoom * STEP));
    const less = button("\u2212", say`Smaller`, () => set(zoom / STEP));
    const fit = button(say`Fit`, say`Fit the page`, () => set(1));
    fit.disabled = less.disabled = true;
    const said = document.createElement("span");
    said.className = "ops-zoom-said";
    said.setAttribute("aria-live", "polite");
    bar.append(said);
    frame.before(bar);
    frame.tabIndex = 0;

    frame.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's own zoom
      if (event.key === "+" || event.key === "=") set(zoom * STEP);
      else if (event.key === "-") set(zoom / STEP);
      else if (event.key === "0") set(1);
      else return;
      event.preventDefault();
    });
    frame.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey) return; // the page scrolls
        event.preventDefault();
        const place = frame.getBoundingClientRect();
        set(zoom * (event.deltaY < 0 ? STEP : 1 / STEP), event.clientX - place.left, event.clientY - place.top);
      },
      { passive: false },
    );
    frame.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || event.button !== 0 || zoom === 1) return;
      const from = { x: event.clientX + frame.scrollLeft, y: event.clientY + frame.scrollTop };
      let dragged = false;
      /** @param {PointerEvent} moved */
      const drag = (moved) => {
        if (!dragged && Math.hypot(moved.clientX - event.clientX, moved.clientY - event.clientY) < 4) return;
        dragged = true;
        frame.scrollTo({ left: from.x - moved.clientX, top: from.y - moved.clientY, behavior: "instant" });
      };
      const end = () => {
        window.removeEventListener("pointermove", drag);
        window.removeEventListener("pointerup", end);
        // the click that ends a drag opens no link
        if (dragged) frame.addEventListener("click", (click) => click.preventDefault(), { capture: true, once: true });
      };
      window.addEventListener("pointermove", drag);
      window.addEventListener("pointerup", end);
    });
    frame.addEventListener("dragstart", (event) => zoom > 1 && event.preventDefault());
  };

  for (const frame of document.querySelectorAll("div.diagram, div.ops-scroll")) {
    if (frame instanceof HTMLElement) zoomable(frame);
  }
})();
