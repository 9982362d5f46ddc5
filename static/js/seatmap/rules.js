/* What a choice of seats means: its price, the seats that it would leave alone, and the sentences
   about it. Nothing here knows the page. A seat is what `describe` in seats.js returns. */

const MOST_NAMED = 3;
/* The distance between two seats that touch, in half seats. */
const SIDE_BY_SIDE = 2;

export const listed = (labels) => labels.join(", ");

/* No currency has more decimals. Sums of decimals are rounded to this: 0.1 + 0.2 is not 0.3. */
const DECIMALS = 3;

/* 800, "INR" → "₹800"; 34, "GBP" → "£34.00". Whole rupees have no decimals, as is usual in India; all
   other amounts have the decimals of their currency (core/templatetags/formatting.py). */
export const money = (amount, currency) =>
  new Intl.NumberFormat(currency === "INR" ? "en-IN" : "en", {
    style: "currency",
    currency,
    ...(currency === "INR" &&
      Number.isInteger(amount) && { minimumFractionDigits: 0, maximumFractionDigits: 0 }),
  }).format(amount);

/* "₹800", "₹800 + ₹40 online" or "₹830 with ₹30 booking fee"; shows/booking_fee.py writes the same.
   prices: { standard, premium, currency, fee: { amount, per, isOnline } or undefined } */
export const totalOf = (seats, { standard, premium, currency, fee }) => {
  const costs = seats.map((seat) => (seat.isPremium ? premium : standard));
  const total = (...amounts) =>
    Number(amounts.reduce((sum, amount) => sum + amount, 0).toFixed(DECIMALS));
  if (!fee || !total(...costs)) return money(total(...costs), currency);
  const feeTotal = total(fee.amount * (fee.per === "ticket" ? seats.length : 1));
  return fee.isOnline
    ? `${money(total(...costs), currency)} + ${money(feeTotal, currency)} online`
    : `${money(total(...costs, feeTotal), currency)} with ${money(feeTotal, currency)} booking fee`;
};

/* "premium", "2 premium" among other seats, or "". */
export const kindOf = (seats) => {
  const premium = seats.filter((seat) => seat.isPremium).length;
  if (!premium) return "";
  return premium === seats.length ? "premium" : `${premium} premium`;
};

/* "premium, ₹800": the kind of the seats, if there is something to say, and their total. */
export const kindAndTotal = (seats, prices) =>
  seats.length ? listed([kindOf(seats), totalOf(seats, prices)].filter(Boolean)) : "";

/* What the button will do. ownLabels: the seats that the viewer holds already. */
export const termsOf = (count, minutes, ownLabels) => {
  const time = `${minutes} minute${minutes === 1 ? "" : "s"}`;
  const holds = `Continue holds ${count === 1 ? "it" : "them"} for you for ${time}`;
  return ownLabels.length ? `${holds} and releases ${listed(ownLabels)}.` : `${holds}.`;
};

export const isSameChoice = (labels, ownLabels) =>
  ownLabels.length > 0 &&
  labels.length === ownLabels.length &&
  labels.every((label) => ownLabels.includes(label));

/* The labels of single free seats that the choice would leave in a row: hard to sell. */
export const leftAlone = (row) => {
  const line = [...row].sort((a, b) => a.place - b.place);
  // A wheelchair place isn't sold to everyone, so it counts as taken here.
  const isFree = (seat) => seat.isEnabled && !seat.isWheelchair;
  const isAlone = (seat, at) => {
    if (!isFree(seat) || seat.isChosen) return false;
    const neighbours = [line[at - 1], line[at + 1]].filter(
      (other) => other && Math.abs(other.place - seat.place) === SIDE_BY_SIDE,
    );
    return (
      neighbours.every((other) => !isFree(other) || other.isChosen) &&
      neighbours.some((other) => isFree(other) && other.isChosen)
    );
  };
  return line.filter(isAlone).map((seat) => seat.label);
};

export const leftAloneText = (labels) => {
  if (!labels.length) return "";
  if (labels.length === 1) {
    return `${labels[0]} would be left on its own. Moving along by one keeps a pair together.`;
  }
  return labels.length <= MOST_NAMED
    ? `${listed(labels)} would each be left on their own.`
    : `${labels.length} single seats would be left on their own.`;
};

export const wheelchairQuestion = (labels) => {
  const are = labels.length === 1 ? "is a wheelchair place" : "are wheelchair places";
  return (
    `${listed(labels)} ${are}. Does someone in your party use a wheelchair? ` +
    "Say so below, or choose other seats."
  );
};

export const tooManyText = (most) =>
  `${most} seats are the most in one booking. Untick one to choose another.`;

export const lostText = (labels) => {
  const [were, are] = labels.length === 1 ? ["was", "is"] : ["were", "are"];
  return `${listed(labels)} ${were} just taken by someone else and ${are} no longer chosen.`;
};

/* How many seats are free: { number, words }, the number to be set in bold, or "" if the words say it.
   free, of: ordinary seats; places: free wheelchair places; isHeld: whether any seat is held.
   shows/seatmap/markup.py writes the same. */
export const freeLine = ({ free, of, places, isHeld }) => {
  const place = places && `${places} wheelchair place${places === 1 ? "" : "s"}`;
  if (free > 1) return { number: free, words: ` of ${of} seats free${place ? `, ${place}` : ""}` };
  const held = isHeld ? " Held ones may come back within minutes." : "";
  const words = free === 1 ? "The last seat is free." : `Every seat is taken.${held}`;
  return { number: "", words: place ? `${words} ${place} free.` : words };
};

export const bestSeatsText = (seats, prices) =>
  `Best seats: ${listed([...seats.map((seat) => seat.label), kindAndTotal(seats, prices)])}.`;
