// A call of the service always ends.
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ServiceClient } from '#dist/workers/run/service-client.js';

describe('a call of the service', () => {
  function make() {
    // Nobody answers at the other end.
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port2.close());
    const client = new ServiceClient();
    client.connect(port1);
    onTestFinished(() => client.connect('the test is over'));
    return client;
  }

  test('ends when the command’s signal fires, with its reason', async () => {
    const controller = new AbortController();
    const { hang } = make().calls(() => controller.signal);
    const reason = new Error('overdue');
    const calls = [hang?.(), hang?.()];
    controller.abort(reason);
    for (const call of [...calls, hang?.()]) await expect(call).rejects.toBe(reason);
  });

  test('ends when the service is gone or replaced, and says why', async () => {
    const client = make();
    const calls = client.calls();
    const first = calls['hang']?.();
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port2.close());
    client.connect(port1);
    await expect(first).rejects.toThrow('it was replaced');
    const second = calls['hang']?.();
    client.connect('it died');
    await expect(second).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await expect(calls['hang']?.()).rejects.toThrow('it died');
  });

  test('is refused if 4096 calls are unanswered; calls that were given up do not count', async () => {
    const client = make();
    const controller = new AbortController();
    const given = client.calls(() => controller.signal);
    const calls = Array.from({ length: 4096 }, () =>
      Promise.resolve(given['hang']?.()).catch(() => undefined),
    );
    await expect(client.calls()['hang']?.()).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    controller.abort(new Error('overdue'));
    await Promise.all(calls);
    const more = client.calls()['hang']?.();
    client.connect('it died');
    await expect(more).rejects.toThrow('it died');
  });

  test('is not made by awaiting the service', () => {
    expect(make().calls()['then']).toBeUndefined();
  });
});
