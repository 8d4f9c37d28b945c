// @ts-check
// Recordings: each gets asciinema's player; the video and the transcript, which stand open without scripts, are folded away.
"use strict";

(() => {
  const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  /** Whether the player's terminal, which is WebAssembly, may run here. */
  const canPlay = () => {
    try {
      return Boolean(new WebAssembly.Module(EMPTY_MODULE));
    } catch {
      return false; // too old, or the site's policy does not have 'wasm-unsafe-eval'
    }
  };
  // @ts-ignore - the player defines it
  const player = window.AsciinemaPlayer;
  if (!player || !canPlay()) return;  // the transcripts stay open
  for (const place of document.querySelectorAll(".ops-player")) {
    const cast = place.getAttribute("data-cast");
    if (!cast) continue;
    player.create({ data: cast }, place, { controls: true, fit: "width", poster: "npt:0:03", preload: true, terminalFontFamily: "monospace" });
    for (const folded of place.parentElement?.querySelectorAll("details") ?? []) {
      folded.open = false;
      if (!folded.matches(".ops-transcript")) continue;
      window.addEventListener("beforeprint", () => (folded.open = true));
      window.addEventListener("afterprint", () => (folded.open = false));
    }
  }
})();
