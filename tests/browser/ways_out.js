// Every way to another server that code has without a click. `host` is that server, `who` says who
// tries; each way has a path of its own, by which the server tells what reached it. What would load
// a whole document goes to a server of its own, `documentHost`. Resolves after two seconds.
const tryAll = (host, documentHost, who) => {
  const append = (name, attributes) => {
    const element = Object.assign(document.createElement(name), attributes);
    document.body.append(element);
    return element;
  };
  const requests = {
    fetch: (url) => fetch(url, { mode: "no-cors" }),
    request: (url) => {
      const request = new XMLHttpRequest();
      request.open("GET", url);
      request.send();
    },
    events: (url) => new EventSource(url),
    socket: (url) => new WebSocket(url.replace("http:", "ws:")),
    module: (url) => import(url),
  };
  const pageRequests = {
    beacon: (url) => navigator.sendBeacon(url, "x"),
    image: (url) => append("img", { src: url }),
    script: (url) => append("script", { src: url }),
    style: (url) => append("link", { rel: "stylesheet", href: url }),
    video: (url) => append("video", { src: url, preload: "auto" }),
  };
  const documents = {
    frame: (url) => append("iframe", { src: url }),
    form: (url) => {
      append("iframe", { name: "answer" });
      append("form", { action: url, method: "post", target: "answer" }).submit();
    },
  };
  const start = (host, ways) => {
    for (const [name, way] of Object.entries(ways)) {
      // Async, so that a refusal, however it is told, does not keep the next from being tried.
      (async () => way(`http://${host}/${who}-${name}`))().catch(() => {});
    }
  };
  start(host, requests);
  if (globalThis.document) {
    start(host, pageRequests);
    start(documentHost, documents);
  }
  return new Promise((resolve) => setTimeout(resolve, 2000));
};
