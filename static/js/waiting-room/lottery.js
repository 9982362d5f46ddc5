/* The draw of an on-sale, as shows/waiting_room/lottery.py computes it: a Feistel network over the
   arrival numbers, keyed by the seed. One table of examples tests both. */
const ROUNDS = 10;

/* The turn, from 1, of the person with this arrival number. seed: 64 hexadecimal digits. A promise,
   because the browser's SHA-256 is asynchronous; browsers offer it over HTTPS and on localhost. */
export const turnOf = async (number, seed, size) => {
  const bits = Math.max(1, Math.ceil(bitLength(size - 1) / 2));
  const key = fromHex(seed);
  let place = number - 1;
  // A number that leaves the range is permuted again until it is back inside.
  do place = await permute(place, key, bits);
  while (place >= size);
  return place + 1;
};

const permute = async (value, key, bits) => {
  const mask = 2 ** bits - 1;
  let [left, right] = [value >>> bits, value & mask];
  for (let round = 0; round < ROUNDS; round++) {
    [left, right] = [right, left ^ ((await hashed(key, round, right)) & mask)];
  }
  return left * 2 ** bits + right;
};

/* The first four bytes of SHA-256(seed, round, half of the number). */
const hashed = async (key, round, half) => {
  const message = new Uint8Array(key.length + 5);
  message.set(key);
  const view = new DataView(message.buffer);
  view.setUint8(key.length, round);
  view.setUint32(key.length + 1, half);
  const digest = await crypto.subtle.digest("SHA-256", message);
  return new DataView(digest).getUint32(0);
};

const bitLength = (count) => (count ? count.toString(2).length : 0);
const fromHex = (text) =>
  Uint8Array.from({ length: text.length / 2 }, (_, at) =>
    Number.parseInt(text.slice(2 * at, 2 * at + 2), 16),
  );
