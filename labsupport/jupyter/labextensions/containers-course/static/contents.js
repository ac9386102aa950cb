// The first page: what the course has, and how far the learner is. Drawn from `GET /course/contents`, again whenever
// that has changed; it asks only while it can be seen.
const EVERY = 2000; // milliseconds
const STATES = { done: "✔ done", begun: "… begun", open: "· open" };

export function page({ read, open, href, terminal }) {
  const node = element("div", { className: "course-contents", tabIndex: -1 });
  const unfolded = new Set();
  let last = "";

  async function look() {
    if (document.hidden || !node.isConnected || node.offsetParent === null) return;
    try {
      const contents = await read();
      const text = JSON.stringify(contents);
      if (text !== last) draw(contents);
      last = text;
    } catch (error) {
      if (last !== "") return; // what is shown was true a moment ago; the next look may tell more
      node.replaceChildren(trouble(error));
    }
  }

  function draw(contents) {
    const focused = node.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    node.replaceChildren(
      element("h1", {}, "Containers, hands on"),
      summary(contents),
      table(contents.lessons),
      element("p", {}, link("Cheat sheet", "notebooks/cheat-sheet.md"), ": all commands on one page."),
      element("p", {}, link("Glossary", "notebooks/glossary.md"), ": the words of the course."),
      element("p", {}, terminalButton()),
    );
    if (focused) node.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  function summary({ lessons, next, begun, earned, points }) {
    const first = lessons[0];
    let way = element("strong", {}, "All done.");
    if (!begun && first) way = link(`Begin: ${first.number} ${first.title}`, first.path, "", "course-way");
    else if (next?.path)
      way = link(`Continue: ${next.id} ${next.title} (about ${next.minutes} min)`, next.path, next.id, "course-way");
    const bar = element("progress", { max: points || 1, value: earned });
    bar.setAttribute("aria-label", "points");
    return element("p", { className: "course-summary" }, way, bar, `${tidy(earned)} of ${tidy(points)} points`);
  }

  function table(lessons) {
    const head = ["Lesson", "Minutes", "Builds on", "State", "Points"].map((name) =>
      element("th", { scope: "col" }, name),
    );
    return element(
      "table",
      {},
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...lessons.map(row)),
    );
  }

  function row(lesson) {
    const name = element("td", {}, link(`${lesson.number} ${lesson.title}`, lesson.path));
    for (const words of lesson.lacking) name.append(element("div", { className: "course-lacking" }, `○ ${words}`));
    if (lesson.exercises.length) name.append(exercises(lesson));
    return element(
      "tr",
      {},
      name,
      element("td", { className: "course-number" }, String(lesson.minutes)),
      element("td", {}, lesson.after.join(", ")),
      element("td", { className: `course-${lesson.state}` }, STATES[lesson.state]),
      element("td", { className: "course-number" }, `${tidy(lesson.earned)} of ${tidy(lesson.points)}`),
    );
  }

  function exercises({ number, path, exercises: all }) {
    const done = all.filter((each) => each.state === "done").length;
    const fold = element("details", { open: unfolded.has(number) });
    fold.addEventListener("toggle", () => unfolded[fold.open ? "add" : "delete"](number));
    const title = element("summary", {}, `${done} of ${all.length} exercises and questions done`);
    title.dataset.key = `fold ${number}`;
    const items = all.map((each) =>
      element(
        "li",
        {},
        element("span", {}, `${each.symbol} ${each.state}`),
        link(`${each.id} ${each.title}`, path, each.id),
      ),
    );
    fold.append(title, element("ul", {}, ...items));
    return fold;
  }

  // a link, so that it can also be opened in a tab of its own
  function link(words, path, exercise = "", className = "") {
    const made = element("a", { href: href(path), className }, words);
    made.dataset.key = `${path} ${exercise} ${className}`;
    made.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      event.stopPropagation();
      open(path, exercise);
    });
    return made;
  }

  function terminalButton() {
    const button = element("button", { type: "button" }, "New terminal");
    button.dataset.key = "terminal";
    button.addEventListener("click", terminal);
    return button;
  }

  const timer = setInterval(look, EVERY);
  const observer = new IntersectionObserver(look); // at once when the tab comes to the front
  observer.observe(node);
  return {
    node,
    end() {
      clearInterval(timer);
      observer.disconnect();
    },
  };
}

function trouble(error) {
  return element(
    "p",
    {},
    `The contents can't be read (${error.message}). The lessons are in the folder notebooks, at the left. `,
    "In a terminal, this says what is wrong: python3 -m labsupport doctor",
  );
}

export const tidy = (number) => String(Math.round(number * 100) / 100);

export function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}
