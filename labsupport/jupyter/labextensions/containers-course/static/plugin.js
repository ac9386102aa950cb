// The course's desk in JupyterLab: the contents as first page, commands for the menu and the toolbars (their places
// are in schemas/), and what its notebooks' cells get.
import { furnish } from "./cells.js";
import { page } from "./contents.js";

const ID = "containers-course";
const WIDE = 1200; // pixels from which on there is room for the outline beside lesson and terminal
const CHEAT_SHEET = "notebooks/cheat-sheet.md";
const GLOSSARY = "notebooks/glossary.md";

export async function desk(load) {
  const names = ["application", "apputils", "coreutils", "notebook", "services", "ui-components"];
  const [application, apputils, coreutils, notebook, services, ui, widgets] = await Promise.all(
    [...names.map((name) => `@jupyterlab/${name}`), "@lumino/widgets"].map(load),
  );
  const { URLExt } = coreutils;

  function activate(app, restorer, notebooks) {
    addStyle();
    const { commands, shell } = app;
    const settings = app.serviceManager.serverSettings;
    const updates = new Map(); // open notebook -> what brings its exercises' rows up to date
    const tracker = new apputils.WidgetTracker({ namespace: ID });
    let known = { lessons: [], next: null }; // the contents as last read
    let shown = null; // the page, while it is open

    async function read() {
      const url = URLExt.join(settings.baseUrl, "course", "contents");
      const answer = await services.ServerConnection.makeRequest(url, {}, settings);
      const told = await answer.json();
      if (!answer.ok) throw new Error(told.message);
      known = told;
      for (const name of ["previous", "next", "continue"]) commands.notifyCommandChanged(`course:${name}`);
      updates.forEach((update) => update());
      return known;
    }

    // beside what is read, not among the terminals
    function place() {
      const beside = [shell.currentWidget, shown, notebooks.currentWidget];
      const ref = beside.find((widget) => widget?.isAttached && (widget === shown || notebooks.has(widget)));
      return ref ? { mode: "tab-after", ref: ref.id } : {};
    }

    async function open(path, exercise = "") {
      const panel = await commands.execute("docmanager:open", { path, options: place() });
      if (exercise && panel?.content?.widgets) await goTo(panel, exercise);
    }

    const href = (path) => URLExt.join(coreutils.PageConfig.getUrl({ mode: "multiple-document" }), "tree", path);

    // first: nobody has chosen a layout here yet
    function contents({ first } = {}) {
      if (!shown) {
        const content = page({ read, open, href, terminal: () => commands.execute("course:terminal") });
        shown = new widgets.Widget({ node: content.node });
        shown.id = `${ID}-contents`;
        shown.title.label = "Contents";
        shown.title.caption = "The lessons of the course, and how far you are";
        shown.title.icon = ui.tocIcon;
        shown.title.closable = true;
        shown.disposed.connect(() => {
          content.end();
          shown = null;
        });
        shell.add(shown, "main", { ...place(), mode: shell.isEmpty("main") ? undefined : "tab-before" });
        tracker.add(shown);
      }
      if (!first) return shell.activateById(shown.id);
      app.restored.then(() => {
        if (window.innerWidth >= WIDE) shell.activateById("table-of-contents");
        shell.activateById(shown.id);
      });
    }

    const exercises = () => known.lessons.flatMap(({ path, exercises }) => exercises.map((one) => ({ path, ...one })));
    const find = (id) => exercises().find((one) => one.id === id);

    // the next of the course that is still to be done
    function following(id) {
      const later = exercises().slice(exercises().findIndex((one) => one.id === id) + 1);
      return later.find(({ state }) => state === "open" || state === "tried");
    }

    async function sure(title, body, label) {
      const { Dialog, showDialog } = apputils;
      const buttons = [Dialog.cancelButton(), Dialog.warnButton({ label })];
      return (await showDialog({ title, body, buttons })).button.accept;
    }

    function neighbour(step) {
      const path = shell.currentWidget?.context?.path ?? notebooks.currentWidget?.context.path;
      const at = known.lessons.findIndex((lesson) => lesson.path === path);
      return at < 0 ? undefined : known.lessons[at + step];
    }

    const beside = (word, step) => ({
      label: () => {
        const lesson = neighbour(step);
        return lesson ? `${word} Lesson: ${lesson.number} ${lesson.title}` : `${word} Lesson`;
      },
      caption: `${word} lesson`,
      isEnabled: () => neighbour(step) !== undefined,
      execute: () => open(neighbour(step).path),
    });
    commands.addCommand("course:previous", beside("Previous", -1));
    commands.addCommand("course:next", beside("Next", 1));
    commands.addCommand("course:contents", {
      label: "Contents",
      caption: "The lessons of the course, and how far you are",
      execute: (given) => contents(given),
    });
    commands.addCommand("course:continue", {
      label: () => (known.next ? `Continue: ${known.next.id} ${known.next.title}` : "Continue"),
      isEnabled: () => Boolean(known.next?.path),
      execute: () => open(known.next.path, known.next.id),
    });
    commands.addCommand("course:cheat-sheet", {
      label: "Cheat Sheet",
      caption: "All commands of the course on one page",
      execute: () => open(CHEAT_SHEET),
    });
    commands.addCommand("course:glossary", {
      label: "Glossary",
      caption: "The words of the course",
      execute: () => open(GLOSSARY),
    });
    commands.addCommand("course:terminal", {
      label: "New Terminal",
      caption: "A terminal of the sandbox",
      execute: () => commands.execute("terminal:create-new"),
    });
    // what JupyterLab asks for where nothing is open
    commands.addCommand("launcher:create", { label: "Contents", execute: () => contents() });

    restorer?.restore(tracker, { command: "course:contents", name: () => "contents", args: () => ({}) });
    app.restored.then(() => {
      shell.layoutModified.connect(() => shell.isEmpty("main") && contents());
      if (shell.isEmpty("main")) contents({ first: true });
      read().catch(() => {}); // the page says what is wrong; without it, the buttons stay grey
    });
    notebooks.widgetAdded.connect(async (_, panel) => {
      panel.disposed.connect(() => updates.delete(panel));
      updates.set(panel, await furnish(panel, { commands, find, following, open, sure }));
    });
    // what counts has changed when one of these was called
    notebook.NotebookActions.executed.connect((_, { cell }) => {
      if (/^(begin|check|hint|undo|quiz|predict)\(/m.test(cell.model.sharedModel.source)) read().catch(() => {});
    });
    notebooks.currentChanged.connect(() => commands.notifyCommandChanged());
  }

  return {
    id: `${ID}:desk`,
    description: "The contents of the course, its menu and its buttons.",
    autoStart: true,
    requires: [application.ILayoutRestorer, notebook.INotebookTracker],
    activate,
  };
}

function addStyle() {
  const link = document.createElement("link");
  Object.assign(link, { rel: "stylesheet", href: new URL("desk.css", import.meta.url).href });
  document.head.append(link);
}

// Bring the cell that begins an exercise, or asks a quiz, into view.
async function goTo(panel, exercise) {
  await panel.context.ready;
  await panel.revealed;
  const cells = panel.content.widgets;
  const calls = ["begin", "quiz", "check"].map((call) => `${call}("${exercise}"`);
  for (const call of calls) {
    const at = cells.findIndex((cell) => cell.model.sharedModel.source.includes(call));
    if (at >= 0) {
      panel.content.activeCellIndex = at;
      return intoView(panel.content, cells[at]);
    }
  }
}

// Cells come to the page one after the other, and pictures above push them down: look until it stays in view, or
// until the learner moves on.
async function intoView(notebook, cell) {
  let stays = 0;
  let moved = false;
  for (const event of ["wheel", "pointerdown", "keydown"])
    notebook.node.addEventListener(event, () => (moved = true), { once: true });
  for (let look = 0; look < 100 && stays < 5 && !moved && !cell.isDisposed; look++) {
    const view = notebook.node.getBoundingClientRect();
    const { top } = cell.node.getBoundingClientRect();
    const seen = cell.node.isConnected && top >= view.top - 1 && top < view.bottom - 60;
    stays = seen ? stays + 1 : 0;
    if (!seen) cell.node.scrollIntoView({ block: "start" });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
