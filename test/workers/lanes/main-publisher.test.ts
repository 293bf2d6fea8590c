// The publisher of the main thread: the events of a turn go to the broker together, and their credit comes back.
import { describe, expect, test } from 'vitest';
import { MainPublisher } from '#dist/workers/lanes/main-publisher.js';

describe('the publisher of the main thread', () => {
  function make() {
    const turns: { events: number; release: () => void }[] = [];
    const publisher = new MainPublisher(
      (runs, release) => {
        const sum = (field: (run: (typeof runs)[number]) => number): number =>
          runs.reduce((all, run) => all + field(run), 0);
        const bytes = sum((run) => run.bytes.byteLength);
        turns.push({ events: sum(({ count }) => count), release: () => release(bytes) });
      },
      4 * 1024 * 1024,
      () => undefined,
    );
    return { turns, publisher };
  }
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

  test('gives the broker the events of one turn together', async () => {
    const { turns, publisher } = make();
    for (let n = 0; n < 3; n += 1) await publisher.publish({ eventType: 'e', data: n });
    expect(turns).toEqual([]);
    await turn();
    expect(turns.map(({ events }) => events)).toEqual([3]);
    await publisher.publish({ eventType: 'e', data: 3 });
    await turn();
    expect(turns.map(({ events }) => events)).toEqual([3, 1]);
  });

  test('gives the broker at once what it has, and then nothing again in that turn', async () => {
    const { turns, publisher } = make();
    publisher.flush();
    await publisher.publish({ eventType: 'e', data: 1 });
    publisher.flush();
    expect(turns).toHaveLength(1);
    await turn();
    expect(turns).toHaveLength(1);
  });

  test('sends what waits when the broker gives the credit back', async () => {
    const { turns, publisher } = make();
    await publisher.publish({ eventType: 'e', data: 'x'.repeat(1024 * 1024) });
    const waiting = publisher.publish({ eventType: 'e', data: 1 });
    await turn();
    expect(publisher.waitingBytes).toBeGreaterThan(0);
    turns[0]?.release();
    await waiting;
    expect(publisher.waitingBytes).toBe(0);
    await turn();
    expect(turns).toHaveLength(2);
  });

  test('takes no event once it is closed', async () => {
    const { publisher } = make();
    publisher.close();
    await expect(publisher.publish({ eventType: 'e', data: 1 })).rejects.toMatchObject({
      code: 'PUBLISH_CLOSED',
    });
  });
});
