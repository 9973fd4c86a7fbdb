// What a page must not do, attempt by attempt: each returns "done" where it came about, "refused" where it did not.
//
//     attempts.<name>({ elsewhere }) -> "done" | "refused"
//
// Each runs from a timer: what a debugger evaluates may call eval() whatever the policy says.
async function attempted({ name, elsewhere }) {
  const own = location.origin;
  const settle = (start, milliseconds = 400) =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve("refused"), milliseconds);
      const done = () => { clearTimeout(timer); resolve("done"); };
      const refused = () => { clearTimeout(timer); resolve("refused"); };
      // The browser says itself what it refuses; a moment later nothing of it can have come about any more.
      document.addEventListener("securitypolicyviolation", () => setTimeout(refused, 50), { once: true });
      try { start(done, refused); } catch { refused(); }
    });
  const put = (element, parent = document.body) => { parent.append(element); return element; };
  const make = (tag, properties = {}, attributes = {}) => {
    const element = document.createElement(tag);
    Object.assign(element, properties);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const loading = (tag, properties, attributes) =>
    settle((done, refused) => {
      const element = make(tag, {}, {});
      element.onload = element.oncanplay = done;
      element.onerror = refused;
      Object.assign(element, properties);
      for (const [key, value] of Object.entries(attributes ?? {})) element.setAttribute(key, value);
      put(element);
    }, 1500);
  globalThis.ran = () => { globalThis.hasRun = true; };
  globalThis.hasRun = false;
  const ranSoon = (start, milliseconds = 300) =>
    settle((done, refused) => { start(); setTimeout(() => (globalThis.hasRun ? done() : refused()), milliseconds); }, 2000);

  const all = {
    // Code out of text.
    "eval": () => settle((done) => { if ((0, eval)("1 + 1") === 2) done(); }),
    "new Function": () => settle((done) => { if (new Function("return 2")() === 2) done(); }),
    "a timer of text": () => ranSoon(() => setTimeout("globalThis.ran()", 0)),
    "an inline script": () => ranSoon(() => { put(make("script", { textContent: "globalThis.ran()" })); }),
    "an inline script by text node": () =>
      ranSoon(() => { const s = make("script"); s.append("globalThis.ran()"); put(s); }),
    "a handler in an attribute": () => ranSoon(() => put(make("button", {}, { onclick: "globalThis.ran()" })).click()),
    "a javascript: address": () => ranSoon(() => put(make("a", { href: "javascript:void globalThis.ran()" })).click()),
    "a script of data:": () => ranSoon(() => { put(make("script", { src: "data:text/javascript,globalThis.ran()" })); }),
    "a script of blob:": () =>
      ranSoon(() => { put(make("script", { src: URL.createObjectURL(new Blob(["globalThis.ran()"])) })); }),
    "import of data:": () => ranSoon(() => { import("data:text/javascript,globalThis.ran()").catch(() => {}); }),
    "a worker of blob:": () =>
      settle((done, refused) => {
        const worker = new Worker(URL.createObjectURL(new Blob(["postMessage(1)"])));
        worker.onmessage = done;
        worker.onerror = refused;
      }, 1500),
    "a worker by its name": () =>
      settle((done) => { new Worker("/nothing.js").onerror = done; }, 1500),
    "a service worker by its name": () =>
      settle((done, refused) => {
        // Registered or not found: both mean that it was asked for.
        navigator.serviceWorker.register("/nothing.js").then(done, (error) => (error instanceof TypeError && /Trusted/.test(error.message) ? refused() : done()));
      }, 1500),

    // Markup out of text.
    "innerHTML": () => settle((done) => { const p = put(make("p")); p.innerHTML = "<b>x</b>"; if (p.querySelector("b")) done(); }),
    "outerHTML": () => settle((done) => { const p = put(make("p")); p.outerHTML = "<b id=outer>x</b>"; if (document.getElementById("outer")) done(); }),
    "insertAdjacentHTML": () =>
      settle((done) => { const p = put(make("p")); p.insertAdjacentHTML("beforeend", "<b>x</b>"); if (p.querySelector("b")) done(); }),
    "document.write": () => settle((done) => { document.write("<b>x</b>"); done(); }),
    "DOMParser": () => settle((done) => { if (new DOMParser().parseFromString("<b>x</b>", "text/html").querySelector("b")) done(); }),
    "a fragment of text": () =>
      settle((done) => { if (document.createRange().createContextualFragment("<b>x</b>").querySelector("b")) done(); }),
    "setHTMLUnsafe": () =>
      settle((done) => { const p = put(make("p")); p.setHTMLUnsafe("<b>x</b>"); if (p.querySelector("b")) done(); }),
    "another policy of types": () =>
      settle((done) => { trustedTypes.createPolicy("another", { createHTML: (text) => text }); done(); }),
    "the policy's name again": () =>
      settle((done) => { trustedTypes.createPolicy("pratique", { createHTML: (text) => text }); done(); }),
    "a default policy": () =>
      settle((done) => { trustedTypes.createPolicy("default", { createHTML: (text) => text }); done(); }),
    "srcdoc": () => settle((done) => { const f = make("iframe"); f.srcdoc = "<b>x</b>"; f.onload = () => { if (f.contentDocument?.querySelector("b")) done(); }; put(f); }, 800),

    // Styles in the page.
    "an inline style sheet": () =>
      settle((done) => {
        const p = put(make("p", { id: "styled" }));
        put(make("style", { textContent: "#styled { outline: 7px solid }" }), document.head);
        if (getComputedStyle(p).outlineWidth === "7px") done();
      }),
    "a style attribute": () =>
      settle((done) => { const p = put(make("p", {}, { style: "outline: 7px solid" })); if (getComputedStyle(p).outlineWidth === "7px") done(); }),

    // Other places.
    "a script from elsewhere": () => loading("script", { src: `${elsewhere}/script.js` }),
    "a module from elsewhere": () => settle((done, refused) => { import(`${elsewhere}/script.js`).then(done, refused); }, 1500),
    "a style sheet from elsewhere": () => loading("link", { rel: "stylesheet", href: `${elsewhere}/style.css` }),
    "a picture from elsewhere": () => loading("img", { src: `${elsewhere}/picture.svg` }),
    "a film from elsewhere": () => loading("video", { src: `${elsewhere}/film.webm`, preload: "auto" }),
    "a font from elsewhere": () =>
      settle((done, refused) => { new FontFace("f", `url(${elsewhere}/font.woff2)`).load().then(done, refused); }, 1500),
    "a frame from elsewhere": () =>
      settle((done) => {
        addEventListener("message", (event) => { if (event.data === "framed") done(); });
        put(make("iframe", { src: `${elsewhere}/frame.html` }));
      }, 1500),
    "a frame of its own": () =>
      settle((done) => { const f = put(make("iframe", { src: `${own}/` })); f.onload = () => { try { if (f.contentDocument?.querySelector("body *")) done(); } catch { /* refused */ } }; }, 1500),
    "an object from elsewhere": () => loading("object", { data: `${elsewhere}/picture.svg`, type: "image/svg+xml" }),
    "fetch": () => settle((done, refused) => { fetch(`${elsewhere}/data.json`).then(done, refused); }, 1500),
    "fetch without CORS": () => settle((done, refused) => { fetch(`${elsewhere}/data.json`, { mode: "no-cors" }).then(done, refused); }, 1500),
    "XMLHttpRequest": () =>
      settle((done, refused) => { const x = new XMLHttpRequest(); x.open("GET", `${elsewhere}/data.json`); x.onload = done; x.onerror = refused; x.send(); }, 1500),
    "a WebSocket": () =>
      settle((done, refused) => { const s = new WebSocket(`${elsewhere.replace("http", "ws")}/socket`); s.onopen = done; s.onerror = refused; }, 1500),
    "an EventSource": () =>
      settle((done, refused) => { const s = new EventSource(`${elsewhere}/events`); s.onopen = done; s.onerror = refused; }, 1500),
    "a beacon": () => settle((done, refused) => { navigator.sendBeacon(`${elsewhere}/beacon`, "x"); setTimeout(refused, 600); }, 1500),
    "a ping of a link": () => settle((done, refused) => { put(make("a", { href: "#here", ping: `${elsewhere}/ping` })).click(); setTimeout(refused, 600); }, 1500),
    "a prefetch": () => settle((done, refused) => { put(make("link", { rel: "prefetch", href: `${elsewhere}/prefetch` }), document.head); setTimeout(refused, 800); }, 1500),
    "a preload": () => settle((done, refused) => { put(make("link", { rel: "preload", as: "image", href: `${elsewhere}/preload` }), document.head); setTimeout(refused, 800); }, 1500),
    "a form to elsewhere": () =>
      settle((done, refused) => {
        const frame = put(make("iframe", { name: "target" }));
        const form = put(make("form", { action: `${elsewhere}/form`, method: "post", target: "target" }));
        put(make("input", { name: "x", value: "y" }), form);
        form.submit();
        setTimeout(refused, 800);
        void frame;
      }, 1500),
    "a base from elsewhere": () =>
      settle((done) => { put(make("base", { href: `${elsewhere}/` }), document.head); if (document.baseURI.startsWith(elsewhere)) done(); }),
  };
  if (name === null) return Object.keys(all);
  return new Promise((resolve, reject) => setTimeout(() => all[name]().then(resolve, reject), 0));
}
