/* From "Log in instead" on the sign-up page: the email that was typed there is in the fragment. */

const email = new URLSearchParams(location.hash.slice(1)).get("email");
const field = document.getElementById("id_username");

if (email && !field.value) {
  field.value = email;
  document.getElementById("id_password").focus();
  history.replaceState(history.state, "", location.pathname + location.search);
}
