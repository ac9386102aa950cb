// What JupyterLab loads of this extension: a module federation container (webpack, "Module Federation"), written by
// hand. init() is given JupyterLab's own modules, get() gives the plugin: so there is nothing to build.
(() => {
  const here = document.currentScript.src;
  let shared;
  const load = async (name) => (await Object.values(shared[name])[0].get())();
  const container = {
    init(scope) {
      shared = scope;
    },
    async get() {
      const { desk } = await import(new URL("plugin.js", here));
      const plugin = await desk(load);
      return () => ({ __esModule: true, default: plugin });
    },
  };
  (window._JUPYTERLAB ||= {})["containers-course"] = container;
})();
