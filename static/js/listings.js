/* Lists that change in place: a new list of films is read from its beginning, and the chosen day of
   a film stays in view. */

const toBeginning = (list, { elt, triggeringEvent }) => {
  // People who type in the search stay at the top of the page.
  if (triggeringEvent?.type === "input") return;
  const { top } = list.getBoundingClientRect();
  const { bottom } = document.getElementById("browse").getBoundingClientRect();
  if (top < bottom - 1 || top > innerHeight / 2) list.scrollIntoView();
  // The pressed link is gone, so the focus moves to the heading of the new page of films.
  if (elt.closest(".pager")) list.querySelector("h2").focus({ preventScroll: true });
};

// Not scrollIntoView: it would also scroll the page.
const toChosenDay = () => {
  const strip = document.querySelector(".strip");
  const day = strip?.querySelector('[aria-current="date"]');
  if (!day) return;
  const [around, box] = [strip.getBoundingClientRect(), day.getBoundingClientRect()];
  strip.scrollLeft += box.left - around.left - (around.width - box.width) / 2;
};

document.addEventListener("htmx:afterSettle", ({ target, detail }) => {
  if (target.id === "results") toBeginning(target, detail.requestConfig);
  if (target.id === "times") toChosenDay();
});
toChosenDay();
