// The result of a campaign as a table in Markdown.
const ms = (value) => (value === undefined ? '' : `${Math.round(value)} ms`);

/** One row for each fault: what was tried, and what the witness saw. */
export function table(rows) {
  const lines = rows.map((row) =>
    row.skipped === undefined
      ? [
          row.name,
          row.what,
          row.tried,
          row.answered,
          codes(row.refused),
          row.cut,
          row.lost.length,
          ms(row.worst),
          ms(row.idle),
        ]
      : [row.name, `skipped: ${row.skipped}`, '', '', '', '', '', '', ''],
  );
  const head = [
    'fault',
    'what',
    'tried',
    'answered',
    'of these an `Error`',
    'cut',
    'lost',
    'worst latency',
    'idle',
  ];
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function codes(refused) {
  const parts = Object.entries(refused).map(([code, count]) => `${count} ${code}`);
  return parts.length === 0 ? '0' : parts.join(', ');
}
