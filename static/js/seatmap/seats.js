/* The seats as they are drawn on the page: real checkboxes, a fieldset for each row. Their classes
   are explained in seatgrid.css. */

export const form = document.getElementById("seat-form");
export const map = document.getElementById("seat-map");
export const hall = form.querySelector("[data-hall]");

export const isSeat = (element) => element?.name === "seat";

export const allSeats = () => [...map.querySelectorAll('input[name="seat"]')];

export const chosenSeats = () => allSeats().filter((seat) => seat.checked);

export const rowsOfSeats = () => [...map.querySelectorAll("fieldset")];

export const labelsOf = (seats) => seats.map((seat) => seat.value);

/* A seat without its element, for rules.js and geometry.js. Its place is in half seats. */
export const describe = (seat) => ({
  element: seat,
  label: seat.value,
  place: Number(/\bx(\d+)/.exec(seat.className)[1]),
  isPremium: seat.classList.contains("premium"),
  isWheelchair: seat.classList.contains("wheelchair"),
  isEnabled: !seat.disabled,
  isChosen: seat.checked,
});

export const seatsOfRow = (row) => [...row.querySelectorAll("input")].map(describe);
