// A Stop that takes longer than the wire's usual half minute, which the original answers with an error.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { alive, Manager, start, statusOf } from '../support/manager.js';
import { until } from '../support/until.js';

test.runIf(process.platform === 'linux')(
  'an app may take as long to end as its configuration says, and its Stop is answered then',
  async () => {
    const manager = new Manager();
    const client = await manager.daemon();
    const [ready, mayEnd] = [join(manager.home, 'ready'), join(manager.home, 'may-end')];
    const stubborn = `trap "" TERM; touch ${ready}; until test -e ${mayEnd}; do sleep 0.1; done`;
    await client.request(start('slow', stubborn, { stop_timeout: { secs: 600, nanos: 0 } }));
    await until(() => existsSync(ready), 'it ignores SIGTERM');
    const { pid } = await statusOf(client, 'slow');
    let answer: unknown;
    const stopped = client
      .request({ Stop: { name: 'slow' } }, { timeout: 0 })
      .then((given) => (answer = given));
    await setTimeout(32_000);
    expect([answer, alive(pid)]).toEqual([undefined, true]);
    writeFileSync(mayEnd, '');
    expect(await stopped).toMatchObject({ Success: { message: 'Stopped app slow' } });
    expect(alive(pid)).toBe(false);
  },
  120_000,
);
