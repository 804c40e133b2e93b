// Our own page, looked at from outside: its program is the released one. It marks by itself what
// happens (`culprit:…`, User Timing); a worker is asked how large its memory is by a few lines put
// before its script.
"use strict";
(() => {
  const mark = Performance.prototype.mark;
  Performance.prototype.mark = function (name, options) {
    const made = mark.call(this, name, options);
    if (name.startsWith("culprit:")) hear(name.slice("culprit:".length), made);
    return made;
  };
  const hear = (what, { startTime, detail }) => {
    // The event with which the page met the file is noted already, as in every page.
    if (what === "chosen") return;
    window.benchMarks.push({ what, at: performance.timeOrigin + startTime, ...detail });
    if (what === "painted") window.benchAfterFrame(() => window.benchNote("shown"));
    if (what === "failed") {
      // Why stands on the card, which is not there yet.
      setTimeout(() => {
        window.benchMarks.at(-1).message = document.querySelector(".card")?.innerText.replaceAll("\n", " ");
      });
    }
  };
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      window.benchMarks.push({ what: "long", at: performance.timeOrigin + startTime, millis: duration });
    }
  }).observe({ type: "longtask", buffered: true });

  // What a person does, by the moment at which the browser met it.
  for (const type of ["keydown", "pointerup"]) {
    addEventListener(type, ({ timeStamp }) => {
      window.benchMarks.push({ what: "event", at: performance.timeOrigin + timeStamp });
    }, true);
  }

  addEventListener("wheel", ({ timeStamp }) => {
    window.benchMarks.push({ what: "turn", at: performance.timeOrigin + timeStamp });
  }, { capture: true, passive: true });

  const inWorker = `{
    let memory;
    const keep = (made) => {
      memory = (made.instance ?? made).exports.memory ?? memory;
      return made;
    };
    for (const name of ["instantiate", "instantiateStreaming"]) {
      const instantiate = WebAssembly[name];
      WebAssembly[name] = async (...given) => keep(await instantiate(...given));
    }
    // Whatever the browser itself makes stays an instance of it.
    WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
      construct: (target, given) => keep(new target(...given)),
    });
    addEventListener("message", (event) => {
      if (event.data !== "bench: memory") return;
      event.stopImmediatePropagation();
      postMessage({ benchMemory: memory?.buffer.byteLength ?? 0 });
    });
  }\n`;
  window.Blob = class extends Blob {
    constructor(parts, options) {
      super(options?.type === "text/javascript" ? [inWorker, ...parts] : parts, options);
    }
  };

  let workers = [];
  const Plain = window.Worker;
  window.Worker = class extends Plain {
    #posts = 0;

    constructor(url, options) {
      super(url, options);
      workers.push(this);
      this.addEventListener("message", (event) => {
        if (event.data?.benchMemory === undefined) return;
        event.stopImmediatePropagation();
        this.benchAnswer?.(event.data.benchMemory);
      });
    }

    postMessage(...given) {
      this.#posts += 1;
      return super.postMessage(...given);
    }

    terminate() {
      workers = workers.filter((other) => other !== this);
      super.terminate();
    }

    get benchPosts() {
      return this.#posts;
    }

    benchMemory() {
      return new Promise((done) => {
        this.benchAnswer = done;
        Plain.prototype.postMessage.call(this, "bench: memory");
        // It answers between two things that it does.
        setTimeout(() => done(0), 60_000);
      });
    }
  };

  // How many messages a worker gets that waits for a file: all do when the first one comes.
  let ofSpares;
  for (const type of ["change", "drop"]) {
    addEventListener(type, () => { ofSpares ??= Math.max(...workers.map((worker) => worker.benchPosts)); }, true);
  }

  // The size of each working worker's memory, bytes, in the order in which they started.
  window.benchMemory = () => Promise.all(
    workers.filter((worker) => worker.benchPosts > ofSpares).map((worker) => worker.benchMemory()));
})();
