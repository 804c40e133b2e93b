// speedscope times its import on the console and then paints with WebGL: the first frame with boxes
// is the first one behind the import that draws more than its frame and its minimap.
"use strict";
(() => {
  let imported = false;
  let draws = 0;
  const timeEnd = console.timeEnd.bind(console);
  console.timeEnd = (name) => {
    if (name === "import") {
      imported = true;
      draws = 0;
      window.benchNote("opened");
    }
    timeEnd(name);
  };
  for (const name of ["drawArrays", "drawElements"]) {
    const draw = WebGLRenderingContext.prototype[name];
    WebGLRenderingContext.prototype[name] = function (...given) {
      draws += 1;
      return draw.apply(this, given);
    };
  }
  const request = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (act) => request((time) => {
    const before = draws;
    act(time);
    if (imported && draws > before && draws > 20) {
      imported = false;
      window.benchNote("painted");
    }
  });
  const error = console.error.bind(console);
  console.error = (...parts) => {
    if (/Failed to load/.test(String(parts[0]))) window.benchNote("failed", { message: parts.map(String).join(" ") });
    error(...parts);
  };
})();
