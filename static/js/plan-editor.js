/* A seating plan is drawn while it is typed. The server draws it, so only one program reads plans. */
import { afterPress } from "./press.js";

const PAUSE_MS = 250;
const field = document.getElementById("id_seating_plan");
const picture = document.querySelector("[data-plan-picture]");
let requests = 0;
let waiting = 0;

const fetchPicture = async () => {
  const token = field.form.querySelector("[name=csrfmiddlewaretoken]").value;
  const body = new URLSearchParams({ plan: field.value, csrfmiddlewaretoken: token });
  const answer = await fetch(picture.dataset.planPicture, { method: "POST", body });
  return answer.ok ? answer.text() : null;
};

const draw = async () => {
  requests += 1;
  const mine = requests;
  try {
    const drawn = await fetchPicture();
    afterPress(() => {
      // An answer that a later request has overtaken is about an older plan.
      if (drawn !== null && mine === requests) picture.innerHTML = drawn;
    });
  } catch {
    // The picture stays as it was; saving says what is wrong.
  }
};

if (field && picture) {
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(draw, PAUSE_MS);
  });
  if (field.value) draw();
}
