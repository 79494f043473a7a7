// Plain figures of sentences and latents, for the measures.

/**
 * The words of a sentence in small letters; of Chinese, which has no spaces, its characters.
 * @param {string} text
 * @returns {string[]}
 */
export const wordsOf = (text) =>
  text.toLowerCase().match(/\p{Script=Han}|[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? [];

/** @param {number} bits of a number in half precision */
function half(bits) {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : (2 ** -14 * fraction) / 1024;
  return bits & 0x8000 ? -size : size;
}

/** How long a latent is, as a vector, from its code (`pack` in vaegen/latent/codes.py). @param {string} code */
export function lengthOf(code) {
  const bytes = Uint8Array.from(atob(code.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  let total = 0;
  for (let i = 0; i + 1 < bytes.length; i += 2) total += half(bytes[i] | (bytes[i + 1] << 8)) ** 2;
  return Math.sqrt(total);
}

const LEAST_ANGLE = 5; // degrees: between ends that lie so close, line and arc are the same

/**
 * How long the middle of a walk is, in percent of its ends, and the angle between these in degrees; null where the ends
 * are in one place, or none of a length.
 * @param {[number, number][]} stops in the plane through the origin and both ends
 */
export function anglesOf(stops) {
  const [a, b] = [stops[0], stops[stops.length - 1]];
  const ends = (Math.hypot(...a) + Math.hypot(...b)) / 2;
  const cosine = (a[0] * b[0] + a[1] * b[1]) / (Math.hypot(...a) * Math.hypot(...b));
  const angle = Math.round((180 * Math.acos(Math.min(1, Math.max(-1, cosine)))) / Math.PI);
  const half = (stops.length - 1) / 2; // of an even number, the mean of the two
  const middle = (Math.hypot(...stops[Math.floor(half)]) + Math.hypot(...stops[Math.ceil(half)])) / 2;
  return Number.isFinite(angle) && angle >= LEAST_ANGLE ? { angle, middle: Math.round((100 * middle) / ends) } : null;
}
