// A name that the daemon does not know: which app was meant, and what a file that is named cannot be.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Manager } from '../../support/manager.js';
import { data, fakeDaemon, itself, status } from '../fake-daemon.js';

describe('a name that is unknown', () => {
  test.each(['stop', 'restart', 'delete -f', 'flush', 'status', 'logs', 'logs -f'])(
    'is answered by bunctl %s with the app that was probably meant',
    async (command) => {
      const manager = new Manager();
      await fakeDaemon(manager.socket, (message) => {
        if (message === 'List') return data(['tick', 'worker'], itself());
        if (typeof message === 'object' && 'Status' in message && message.Status.name === null)
          return data([status('tick'), status('worker')]);
        const [fields] = Object.values(message) as [{ name: string }];
        return { Error: { message: `App ${fields.name} not found`, code: 'APP_NOT_FOUND' } };
      });
      for (const [typed, meant] of [
        ['tick.js', '. Did you mean tick?'],
        ['workr', '. Did you mean worker?'],
        ['another', ''],
      ] as const) {
        const [word, ...options] = command.split(' ') as [string, ...string[]];
        expect(await manager.run(word, typed, ...options)).toMatchObject({
          code: 3,
          stderr: `Error: App ${typed} not found${meant}\n`,
        });
      }
    },
  );
});

describe('a file that cannot be read', () => {
  test.each(['start', 'stop', 'restart', 'delete -f'])(
    'is refused by bunctl %s with the way out',
    async (command) => {
      const manager = new Manager();
      const [word, ...options] = command.split(' ') as [string, ...string[]];
      for (const [name, sentence] of [
        ['ecosystem.config.js', 'JavaScript config files are not supported'],
        ['pm2.config.cjs', 'JavaScript config files are not supported'],
        ['eco.yml', 'YAML is not read. Please convert'],
      ] as const) {
        writeFileSync(join(manager.home, name), '');
        const { code, stderr } = await manager.run(word, name, ...options);
        expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
      }
    },
  );

  test('a package.json that is broken is named, if it is all that a folder has', async () => {
    const manager = new Manager();
    writeFileSync(join(manager.home, 'package.json'), '{"name":');
    const { code, stderr } = await manager.run('start');
    expect(code).toBe(2);
    expect(stderr).toContain('package.json is not valid JSON');
    // Apps that the daemon knows have nothing to do with it.
    expect((await manager.run('start', 'a')).code).toBe(3);
  });
});
