// What the desk does to the cells of a notebook: shell coloured as shell, a row of buttons under each exercise.
import { rowFor } from "./exercise.js";

const SHELL = /^%%(shell|session|bash|sh)\b/;
const MIME = "text/x-sh";

// Gives back a function that brings the rows up to date with what is known of the exercises.
export async function furnish(panel, desk) {
  await panel.context.ready;
  const notebook = panel.content;
  const rows = new Map(); // cell -> its row

  // Cells that begin with %%shell hold no Python: their editors get the language of the shell.
  function colour(model) {
    if (SHELL.test(model.sharedModel.source)) model.mimeType = MIME;
    else if (model.mimeType === MIME) model.mimeType = notebook.codeMimetype;
  }

  function place(cell) {
    const exercise = /^check\("([\w.]+)"/m.exec(cell.model.sharedModel.source)?.[1];
    if (rows.get(cell)?.exercise === exercise) return;
    rows.get(cell)?.node.remove();
    rows.set(cell, undefined);
    if (exercise) {
      const row = rowFor(exercise, cell, panel, desk);
      cell.node.append(row.node);
      rows.set(cell, row);
    }
  }

  function all() {
    for (const cell of notebook.widgets) {
      if (cell.model.type !== "code" || rows.has(cell)) continue;
      rows.set(cell, undefined);
      cell.disposed.connect(() => rows.delete(cell));
      const look = () => (colour(cell.model), place(cell));
      look();
      cell.model.contentChanged.connect(look);
      // the notebook gives all its cells one language, as soon as its kernel has told which; the editor hears of that
      // after us, so ours must be said later
      cell.model.mimeTypeChanged.connect((model) => setTimeout(() => colour(model)));
    }
  }

  all();
  notebook.model.cells.changed.connect(() => queueMicrotask(() => notebook.isDisposed || all()));
  return () => rows.forEach((row) => row?.update());
}
