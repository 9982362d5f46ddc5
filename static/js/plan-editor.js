/* A seating plan drawn while it is typed, by the server: one parser, so the picture never lies. */
(() => {
  "use strict";
  const PAUSE = 250;

  const edit = (field, picture) => {
    const address = picture.dataset.planPicture;
    const token = field.form.querySelector("[name=csrfmiddlewaretoken]").value;
    let asked = 0;
    let waiting;
    const draw = async () => {
      const mine = ++asked;
      try {
        const reply = await fetch(address, {
          method: "POST",
          body: new URLSearchParams({ plan: field.value, csrfmiddlewaretoken: token }),
        });
        // An answer that a later one has overtaken is about a plan that isn't there any more.
        if (!reply.ok || mine !== asked) return;
        picture.innerHTML = await reply.text();
      } catch {
        // The picture stays as it was; saving says what is wrong.
      }
    };
    field.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(draw, PAUSE);
    });
    if (field.value) draw();
  };

  document.addEventListener("DOMContentLoaded", () => {
    const field = document.getElementById("id_seating_plan");
    const picture = document.querySelector("[data-plan-picture]");
    if (field && picture) edit(field, picture);
  });
})();
