// Cells that begin with %%shell or %%session hold no Python: give their editors the language of the shell.
const SHELL = /^%%(shell|session|bash|sh)\b/;
const MIME = "text/x-sh";

export async function colour(panel) {
  await panel.context.ready;
  const notebook = panel.content;
  const seen = new WeakSet();

  function choose(model) {
    if (SHELL.test(model.sharedModel.source)) model.mimeType = MIME;
    else if (model.mimeType === MIME) model.mimeType = notebook.codeMimetype;
  }

  function all() {
    for (const { model } of notebook.widgets) {
      if (model.type !== "code" || seen.has(model)) continue;
      seen.add(model);
      choose(model);
      model.contentChanged.connect(choose);
      // the notebook gives all its cells one language, as soon as its kernel has told which
      model.mimeTypeChanged.connect(choose);
    }
  }

  all();
  notebook.model.cells.changed.connect(() => queueMicrotask(() => notebook.isDisposed || all()));
}
