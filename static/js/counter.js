/* The counter: the camera finds a booking, and the change is shown while cash is typed. Without
   this script the server says the change after the payment. */

import { offerCamera } from "./qr_camera.js";

const find = document.getElementById("counter-find");
const till = document.querySelector("[data-till]");

if (find) {
  offerCamera((code) => {
    find.elements.q.value = code;
    find.requestSubmit();
  });
}

/* What was typed, in minor units; null if it is no amount. */
const minorUnits = (typed, exponent) => {
  const text = typed.replace(/[\s,]/g, "");
  if (!/^\d+(\.\d*)?$/.test(text)) return null;
  return Math.round(Number(text) * 10 ** exponent);
};

const showChange = () => {
  const { due, exponent, currency } = till.dataset;
  const places = Number(exponent);
  const given = minorUnits(till.elements.given.value, places);
  const output = till.querySelector("[data-change]");
  if (given === null) {
    output.value = "";
    return;
  }
  const change = (given - Number(due)) / 10 ** places;
  const amount = new Intl.NumberFormat(currency === "INR" ? "en-IN" : "en", {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    trailingZeroDisplay: currency === "INR" ? "stripIfInteger" : "auto",
  }).format(Math.abs(change));
  output.value = change < 0 ? `${amount} short` : `Change ${amount}`;
};

if (till) {
  till.elements.given.addEventListener("input", showChange);
  showChange();
}
