// What all apps have left behind is found with work that does not grow with apps times processes.
import { expect, test } from 'vitest';
import { HeldApp } from '#dist/supervisor/host/held-app.js';
import { allSurvivors } from '#dist/supervisor/host/survivors.js';
import type { MarkedProcess } from '#dist/supervisor/system/marked.js';
import { nonceOf, recordOf } from '../../support/host.js';

test('each app is compared only with the processes that carry its id', async () => {
  const ids = Array.from({ length: 200 }, (_, index) => `app-${index}`);
  const apps = ids.map((id) => new HeldApp(recordOf({ id }), () => undefined));
  let looks = 0;
  const marked = ids.flatMap((id, index) =>
    [1, 2].map((n): MarkedProcess => ({
      pid: 1000 * n + index,
      get mark() {
        looks += 1;
        return `${id}:${nonceOf('a', 1)}`;
      },
      stat: {
        state: 'S',
        parent: 1,
        group: 1,
        session: 1,
        startTime: '0',
        cpuTicks: 0,
        childTicks: 0,
        residentPages: 1,
      },
    })),
  );
  const found = await allSurvivors(apps, () => Promise.resolve(marked));
  expect(found).toEqual(ids.map((id, index) => [id, [1000 + index, 2000 + index]]));
  expect(looks).toBeLessThanOrEqual(2 * marked.length);
});
