// Every way to another server that code has without a click. `host` is that server, `who` says who
// tries; each way has a path of its own, by which the server tells what reached it. Resolves when
// everything has been refused or answered, or after two seconds.
const tryAll = (host, who) => {
  const append = (name, attributes) => {
    const element = Object.assign(document.createElement(name), attributes);
    document.body.append(element);
    return element;
  };
  const ways = {
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
  if (globalThis.document) {
    Object.assign(ways, {
      beacon: (url) => navigator.sendBeacon(url, "x"),
      image: (url) => append("img", { src: url }),
      script: (url) => append("script", { src: url }),
      style: (url) => append("link", { rel: "stylesheet", href: url }),
      frame: (url) => append("iframe", { src: url }),
      video: (url) => append("video", { src: url, preload: "auto" }),
      form: (url) => append("form", { action: url, target: "_blank" }).submit(),
    });
  }
  const tried = Object.entries(ways).map(async ([name, way]) => way(`http://${host}/${who}-${name}`));
  const enough = new Promise((resolve) => setTimeout(resolve, 2000));
  return Promise.race([Promise.allSettled(tried).then(() => enough), enough]);
};
