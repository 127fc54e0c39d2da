/**
 * Numbers in [0, 1) that are the same for the same seed. It uses sfc32, whose sequences for neighboring seeds are not
 * similar.
 */
export function seededRandom(seed: number): () => number {
  let a = seed | 0;
  let b = Math.imul(seed, 0x9e3779b1);
  let c = 0x6a09e667;
  let counter = 1;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 20; round++) next();
  return next;
}
