// Put first into the page by the tests' own server: keeps what goes wrong, for the test to read.
// Engines differ in what they tell a driver; this works in all of them. Kept in the session's
// storage, so that a reload loses nothing.
(() => {
  const keep = (list, text) => {
    const all = JSON.parse(sessionStorage.getItem(list) ?? "[]");
    all.push(text);
    sessionStorage.setItem(list, JSON.stringify(all));
  };
  const problem = (kind, text) => keep("test-problems", `${kind}: ${text}`);

  const original = console.error;
  console.error = (...parts) => {
    problem("console", parts.map(String).join(" "));
    original.apply(console, parts);
  };
  // In the capture phase, since a resource that fails to load tells only itself.
  addEventListener("error", (event) => {
    const source = event.target?.src ?? event.target?.href;
    problem("error", event.message ?? `${source} did not load`);
  }, true);
  addEventListener("unhandledrejection", (event) => problem("rejection", String(event.reason)));
  addEventListener("securitypolicyviolation", (event) =>
    problem("policy", `${event.effectiveDirective} refused ${event.blockedURI}`));

  window.Worker = class extends Worker {
    constructor(url, options) {
      super(url, options);
      keep("test-workers", String(url));
      this.addEventListener("error", (event) => problem("worker", event.message ?? "not loaded"));
    }
  };
})();
