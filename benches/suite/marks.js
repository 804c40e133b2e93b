// Put first into every measured page: notes what happens and when, for the bench to read. Times are
// milliseconds since 1970.
"use strict";
window.benchMarks = [];
window.benchNote = (what, more) =>
  window.benchMarks.push({ what, at: performance.timeOrigin + performance.now(), ...more });

// A file was chosen or dropped.
for (const type of ["change", "drop"]) {
  addEventListener(type, () => window.benchNote("chosen"), true);
}
// What a page shows at the end of the next frame.
window.benchAfterFrame = (act) => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = act;
  channel.port2.postMessage(null);
});
