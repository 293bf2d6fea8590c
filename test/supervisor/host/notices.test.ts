// What happened on the main thread, for a supervisor that may die before it has asked.
import { expect, test } from 'vitest';
import { Notices } from '#dist/supervisor/host/notices.js';

const exited = (pid: number) =>
  ({ type: 'exited', id: 'a', pid, exit: { code: 0, signal: null, unknown: false } }) as const;

test('a new supervisor learns of a shutdown that was announced before, and of nothing that its inventory holds', async () => {
  const notices = new Notices();
  notices.tell(exited(1));
  notices.tell({ type: 'shutdown' });
  notices.tell(exited(2));
  expect(await notices.after(notices.restart())).toMatchObject([{ type: 'shutdown', sequence: 2 }]);
});

test('a supervisor is told what happens after its inventory, in order, and each notice once', async () => {
  const notices = new Notices();
  notices.tell(exited(1));
  const waiting = notices.after(notices.restart());
  notices.tell(exited(2));
  notices.tell(exited(3));
  const told = [...(await waiting)];
  expect(told[0]).toMatchObject({ pid: 2, sequence: 2 });
  const last = told.at(-1)?.sequence ?? 0;
  if (last < 3) expect(await notices.after(last)).toMatchObject([{ pid: 3, sequence: 3 }]);
});
