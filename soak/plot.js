// Draws measures over time as an SVG: one panel for each, with its baseline.
const WIDTH = 760;
const PANEL = 120;
const LEFT = 70;
const TOP = 30;
const HEIGHT = 62;

const number = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(1));
const text = (x, y, content, more = '') =>
  `<text x="${x}" y="${y}" font-family="sans-serif" font-size="12" fill="#333" ${more}>${content}</text>`;

/**
 * @param times Seconds since the start, one for each value.
 * @param measures What `judge` returns.
 */
export function plot(times, measures, title) {
  const height = TOP + measures.length * PANEL + 10;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(LEFT, 18, title, 'font-weight="bold"'),
    ...measures.map((measure, index) => panel(times, measure, TOP + index * PANEL)),
    '</svg>',
    '',
  ].join('\n');
}

function panel(times, { title, unit, values, baseline }, top) {
  const high = Math.max(...values, baseline) * 1.1 || 1;
  const last = times.at(-1) || 1;
  const x = (time) => (LEFT + (time / last) * (WIDTH - LEFT - 20)).toFixed(1);
  const y = (value) => (top + 20 + HEIGHT * (1 - value / high)).toFixed(1);
  const points = values.map((value, index) => `${x(times[index])},${y(value)}`).join(' ');
  const foot = top + 20 + HEIGHT;
  return [
    text(LEFT, top + 14, title),
    text(LEFT - 6, Number(y(high / 1.1)) + 4, number(high / 1.1 / unit), 'text-anchor="end"'),
    text(LEFT - 6, foot + 4, '0', 'text-anchor="end"'),
    text(WIDTH - 20, foot + 15, `${Math.round(last)} s`, 'text-anchor="end"'),
    `<path d="M${LEFT} ${top + 20}V${foot}H${WIDTH - 20}" fill="none" stroke="#999"/>`,
    `<path d="M${LEFT} ${y(baseline)}H${WIDTH - 20}" stroke="#c60" stroke-dasharray="4 4"/>`,
    `<polyline points="${points}" fill="none" stroke="#06c" stroke-width="1.5"/>`,
  ].join('\n');
}
