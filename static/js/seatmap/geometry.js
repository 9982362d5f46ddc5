/* Arithmetic of the hall: which seat an arrow key leads to, and how far the map can be zoomed.
   Nothing here knows the page. A row is a list of seats as `describe` in seats.js returns them. */

const LARGEST_ZOOM = 2.4;
/* The floor's padding at both sides together, in px. */
const PADDING = 25;

/* The seats of a row that can be chosen, from left to right. */
export const usable = (row) =>
  row.filter((seat) => seat.isEnabled).sort((a, b) => a.place - b.place);

/* Where a key leads within a row; undefined at its end. A seat that is not in the row any more
   counts as before its first. */
export const alongRow = (row, seat, key) => {
  const line = usable(row);
  const at = line.findIndex((other) => other.element === seat.element);
  const targets = {
    ArrowLeft: line[at - 1],
    ArrowRight: line[at + 1],
    Home: line[0],
    End: line.at(-1),
  };
  return targets[key];
};

/* The usable seat of a row that is nearest to a seat; undefined if there is none. */
export const nearestIn = (row, seat) => {
  const distance = (other) => Math.abs(other.place - seat.place);
  return usable(row).sort((one, other) => distance(one) - distance(other))[0];
};

/* The nearest seat in the next row that has any, or undefined. step: -1 for up, 1 for down. */
export const acrossRows = (rows, from, seat, step) => {
  for (let at = from + step; rows[at]; at += step) {
    const nearest = nearestIn(rows[at], seat);
    if (nearest) return nearest;
  }
  return undefined;
};

/* Outwards until the whole hall is in view. */
export const leastZoom = (viewWidth, hallWidth) => Math.min(1, (viewWidth - PADDING) / hallWidth);

export const limitZoom = (zoom, least) => Math.min(LARGEST_ZOOM, Math.max(least, zoom));

export const isLargest = (zoom) => zoom >= LARGEST_ZOOM;

/* Where to scroll so that the point at `at` px from the view's left edge stays there. */
export const scrollAfterZoom = ({ scrollLeft, at, widthBefore, widthAfter }) =>
  ((scrollLeft + at) / widthBefore) * widthAfter - at;

/* The middle of a label of this width over a seat, kept inside its frame. */
export const labelMiddle = (seatMiddle, labelWidth, frameWidth) => {
  const half = labelWidth / 2;
  return Math.min(Math.max(seatMiddle, half + 4), frameWidth - half - 4);
};

/* The middle of some boxes, along one axis. */
export const middleOf = (boxes, side, size) =>
  boxes.reduce((sum, box) => sum + box[side] + box[size] / 2, 0) / boxes.length;
