// Whether what was measured has returned to its baseline.

/** What is measured, how it is shown, and how far it may be above its baseline: a share, and an amount. */
export const MEASURES = [
  {
    key: 'heap',
    title: 'heap of the main thread after a collection, MB',
    unit: 2 ** 20,
    share: 0.1,
    slack: 2 ** 21,
  },
  { key: 'resident', title: 'resident size, MB', unit: 2 ** 20, share: 0.15, slack: 24 * 2 ** 20 },
  { key: 'descriptors', title: 'open descriptors', unit: 1, share: 0, slack: 0 },
  { key: 'handles', title: 'active handles and requests', unit: 1, share: 0, slack: 0 },
  { key: 'timers', title: 'active timers', unit: 1, share: 0, slack: 0 },
];

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/**
 * The baseline is the median of the first quarter, the end that of the last quarter.
 *
 * @param samples The measures, in the order of time; at least one.
 */
export function judge(samples) {
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  return MEASURES.map((measure) => {
    const { key, share, slack } = measure;
    const values = samples.map((sample) => sample[key]);
    const baseline = median(values.slice(0, quarter));
    const end = median(values.slice(-quarter));
    return { ...measure, values, baseline, end, returned: end <= baseline * (1 + share) + slack };
  });
}
