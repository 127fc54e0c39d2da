export function median(values) {
  return quantile(values, 0.5);
}

/** Interpolated between the two nearest values. */
export function quantile(values, share) {
  const sorted = [...values].sort((one, other) => one - other);
  const position = (sorted.length - 1) * share;
  const [lower, upper] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]];
  return lower + (upper - lower) * (position - Math.floor(position));
}

/** Three significant digits, and thousands apart. */
export function formatNumber(value) {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

/** The median of the rounds' values, and the least and the greatest of them. */
export function formatSpread(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${formatNumber(median(values))} (${formatNumber(least)}–${formatNumber(most)})`;
}
