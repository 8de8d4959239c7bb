/** Random numbers for tests, the same in each run: a linear congruential generator (Knuth, vol. 2, §3.3.4). */
export function randomNumbers(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 11n) / 2 ** 53;
  };
}
