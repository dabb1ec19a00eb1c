// A Worker for pages opened from disk, where browsers allow none: the script runs in a hidden frame. Search uses it.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.waiting = [];
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.append(this.frame);
      window.addEventListener("message", (event) => {
        if (event.source !== this.frame.contentWindow) return;
        const message = new MessageEvent("message", { data: event.data });
        this.dispatchEvent(message);
        if (this.onmessage) this.onmessage(message);
      });
      const page = this.frame.contentDocument;
      page.open();
      page.write(`<script>
        postMessage = (data) => parent.postMessage(data, "*");
        importScripts = (...urls) => urls.map((each) => new Promise((done, failed) => {
          const script = document.createElement("script");
          script.src = new URL(each, ${JSON.stringify(String(url))});
          script.onload = done;
          script.onerror = failed;
          document.head.append(script);
        })).reduce((all, each) => all.then(() => each), Promise.resolve());
      </script>`);
      const script = page.createElement("script");
      script.src = url;
      script.onload = () => {
        this.waiting.splice(0).forEach((data) => this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data })));
        this.waiting = null;
      };
      page.head.append(script);
      page.close();
    }
    postMessage(data) {
      if (this.waiting) this.waiting.push(data);
      else this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data }));
    }
    terminate() {
      this.frame.remove();
    }
  };
}
