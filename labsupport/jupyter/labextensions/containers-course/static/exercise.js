// The row under the cell that checks an exercise: Check, Hint, Start over; how it stands, and where to go on.
// It does what the cells' own calls do, check("03.2"), hint("03.2"), undo("03.2"): they are there without it.
import { element, tidy } from "./contents.js";

export function rowFor(exercise, cell, panel, { commands, find, following, open, sure }) {
  const notebook = panel.content;
  const status = element("span", { className: "course-status", role: "status" });
  const more = element("span", {});
  const node = element("div", { className: "course-row", role: "group", ariaLabel: `Exercise ${exercise}` });
  node.append(button("Check", check), button("Hint", hint), button("Start over", startOver), status, more);
  node.dataset.lmSuppressShortcuts = "true"; // Enter and Space are the buttons', not the notebook's
  let said = "";

  function button(words, action) {
    const made = element("button", { type: "button" }, words);
    made.addEventListener("click", action);
    return made;
  }

  async function run(wanted) {
    const dropped = () => wanted.model.executionCount === null && panel.sessionContext.session?.kernel;
    // a kernel drops what waits when the cell before it fails (stop_on_error): then once more
    for (let times = 0; times < 2 && (!times || dropped()) && !wanted.isDisposed; times++) {
      notebook.activeCellIndex = notebook.widgets.indexOf(wanted);
      await commands.execute("notebook:run-cell");
    }
  }

  function check() {
    said = "";
    return run(cell);
  }

  // a cell of its own below the row, behind the hints taken before: it stays, and says what was asked
  function hint() {
    const call = `hint("${exercise}")`;
    let index = notebook.widgets.indexOf(cell) + 1;
    while (notebook.widgets[index]?.model.sharedModel.source.startsWith(call)) index += 1;
    const metadata = { trusted: true };
    notebook.model.sharedModel.insertCell(index, { cell_type: "code", source: call, metadata });
    return run(notebook.widgets[index]);
  }

  // in no cell: "Run All" on another day must not start over
  async function startOver() {
    const kernel = panel.sessionContext.session?.kernel;
    if (!kernel) return say("This notebook has no kernel: menu Kernel, Restart Kernel.");
    if (!(await sure(`Start ${exercise} over?`, "Your files of it are kept in a folder beside.", "Start over"))) return;
    say("Starting over ...");
    const future = kernel.requestExecute({ code: `undo("${exercise}")`, store_history: false });
    const { content } = await future.done;
    say(content.status === "ok" ? "Back at its start." : `It could not be started over: ${content.evalue}`);
  }

  function say(words) {
    said = words;
    update();
  }

  function update() {
    const found = find(exercise);
    const state = found ? `${found.symbol} ${found.state}, ${tidy(found.earned)} of ${tidy(found.points)} points` : "";
    const words = said || state;
    if (status.textContent !== words) status.textContent = words;
    const next = found?.state === "done" && !said ? following(exercise) : undefined;
    if (more.dataset.next === (next?.id ?? "")) return;
    more.dataset.next = next?.id ?? "";
    const link = element("a", { href: "#" }, next ? `Next: ${next.id} ${next.title}` : "");
    link.addEventListener("click", (event) => {
      event.preventDefault();
      open(next.path, next.id);
    });
    more.replaceChildren(...(next ? [link] : []));
  }

  update();
  return { exercise, node, update };
}
