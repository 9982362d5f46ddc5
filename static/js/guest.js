/* What a guest has typed survives the end of a hold. If the time runs out while somebody types, the
   page says so, and the next review has the same words again. They are kept in this tab only, and
   not after the form was sent: from then on the server knows them. */
const KEY = "guest-details";
const NAMES = ["name", "email", "phone"];

const fieldsOf = (form) => NAMES.map((name) => form.elements[name]);
const saved = () => {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
};

document.addEventListener("input", ({ target }) => {
  const form = target.form;
  if (!form?.hasAttribute("data-guest-form")) return;
  const typed = Object.fromEntries(fieldsOf(form).map(({ name, value }) => [name, value]));
  sessionStorage.setItem(KEY, JSON.stringify(typed));
});
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful || detail.xhr.status === 422) sessionStorage.removeItem(KEY);
});

const form = document.querySelector("[data-guest-form]");
if (form) {
  const typed = saved();
  for (const field of fieldsOf(form)) field.value ||= typed[field.name] ?? "";
}
