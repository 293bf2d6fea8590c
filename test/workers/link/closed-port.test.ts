// A hostile caller can reach only the functions of the table through a port.
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { expose, type Remote, remote } from '#dist/workers/link/closed-port.js';
import { functionTable } from '#dist/workers/link/function-table.js';
import { until } from '../../support/until.js';

describe('the exposed table', () => {
  /** Sends Comlink's own messages by hand, as a hostile other side would. */
  function hostile(): {
    ask: (message: object) => Promise<unknown>;
    port: MessagePort;
    touched: () => unknown;
  } {
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port1.close());
    const service = { add: (a: number, b: number) => a + b };
    expose(functionTable(service), port2);
    let id = 0;
    const ask = (message: object) =>
      new Promise((resolve) => {
        const own = `hostile-${id++}`;
        const listen = (answer: { id?: unknown }): void => {
          if (answer.id !== own) return;
          port1.off('message', listen);
          resolve(answer);
        };
        port1.on('message', listen);
        port1.postMessage({ id: own, ...message });
      });
    return { ask, port: port1, touched: () => (service as Record<string, unknown>)['evil'] };
  }
  const raw = (value: unknown) => ({ type: 'RAW', value });

  test('answers call(name, args)', async () => {
    const { port } = hostile();
    expect(await remote(port).call('add', [1, 2])).toBe(3);
  });

  test.each([
    [
      'the Function constructor',
      { type: 'CONSTRUCT', path: ['call', 'constructor'], argumentList: [raw('return process.pid')] },
    ],
    [
      'the Function constructor, applied',
      { type: 'APPLY', path: ['call', 'constructor'], argumentList: [raw('a'), raw('b')] },
    ],
    ['a setter', { type: 'SET', path: ['evil'], value: raw(1) }],
    ['a prototype', { type: 'SET', path: ['__proto__', 'evil'], value: raw(1) }],
    ['a getter', { type: 'GET', path: ['call'] }],
    ['an endpoint', { type: 'ENDPOINT', path: [] }],
    ['a release', { type: 'RELEASE', path: [] }],
    [
      'a call with a handler for an argument',
      {
        type: 'APPLY',
        path: ['call'],
        argumentList: [raw('add'), { type: 'HANDLER', name: 'throw', value: {} }],
      },
    ],
    [
      'a name that is not a string',
      { type: 'APPLY', path: ['call'], argumentList: [raw(['add']), raw([1, 2])] },
    ],
  ])('refuses %s', async (_what, message) => {
    const { ask, touched } = hostile();
    const answer = (await ask(message)) as { value: { error?: { code: string } } };
    expect(answer.value.error?.code).toBe('SERVICE_METHOD_UNKNOWN');
    expect(touched()).toBeUndefined();
    expect('evil' in {}).toBe(false);
  });

  test('carries an error’s code and message', async () => {
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port1.close());
    const fail = (): never => {
      throw Object.assign(new TypeError('no file'), { code: 'ENOENT' });
    };
    expose(functionTable({ fail }), port2);
    await expect(remote(port1).call('fail', [])).rejects.toMatchObject({
      name: 'TypeError',
      code: 'ENOENT',
      message: 'no file',
    });
  });
});

test('a value that cannot be sent is an error that says why', async () => {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  expose(functionTable({ give: () => ({ close: () => 1 }) }), port2);
  await expect(remote(port1).call('give', [])).rejects.toThrow(
    'What the function returned cannot be sent to its caller: () => 1 could not be cloned',
  );
});

test('a call without an answer is forgotten when its port closes, with everything that waits for it', async () => {
  const { port1, port2 } = new MessageChannel();
  const waiting = new WeakRef(waitFor(remote(port1)));
  await once(port2, 'message');
  port2.close();
  await once(port1, 'close');
  await until(() => {
    collect();
    return waiting.deref() === undefined;
  }, 'it is collected');
});

test.each([
  ['that cannot be posted', (far: Remote, held: object) => far.call('never', [() => held])],
  [
    'that is given up',
    (far: Remote, held: object) => {
      const { answer, giveUp } = far.begin('never', []);
      giveUp(held);
      return answer;
    },
  ],
])('a call %s rejects and is forgotten', async (_, call) => {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port2.close());
  const far = remote(port1);
  const rejected = async (): Promise<WeakRef<object>> => {
    const held = { text: 'held by the call' };
    // What is given to the answer is held as long as the call is.
    await call(far, held).then(
      () => expect.fail('it was answered'),
      () => held,
    );
    return new WeakRef(held);
  };
  const held = await rejected();
  await until(() => {
    collect();
    return held.deref() === undefined;
  }, 'it is collected');
});

test('an answer to a call that was given up is ignored, and the next call is answered', async () => {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  expose(new Map([['add', (a: number, b: number) => a + b]]), port2);
  const far = remote(port1);
  const reason = new Error('overdue');
  const { answer, giveUp } = far.begin('add', [1, 2]);
  giveUp(reason);
  await expect(answer).rejects.toBe(reason);
  giveUp(reason);
  expect(await far.call('add', [3, 4])).toBe(7);
  await expect(far.call('add', [() => 1])).rejects.toMatchObject({ name: 'DataCloneError' });
});

/** Calls a function that never answers; the object that its answer would be given to. */
function waitFor(far: Remote): object {
  const held = { far };
  far.call('never', []).then(
    () => held,
    () => held,
  );
  return held;
}

function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
