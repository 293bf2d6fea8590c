// Configuration files: which one is found, what is in it, and what is said when it is wrong.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findConfig, readConfig } from '#dist/cli/config/config-files.js';
import { parseAppConfig } from '#dist/supervisor/model/app-config.js';
import { temporaryDirectory } from '../../support/daemon.js';

function folder(files: Record<string, unknown>): string {
  const directory = temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), { recursive: true });
    writeFileSync(join(directory, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return directory;
}
const names = (directory: string) => findConfig(directory)?.apps.map(({ name }) => name);
const app = (name: string) => ({ name, command: 'x' });
const script = (name: string, more: object = {}) => ({ apps: [{ name, script: 'a.js', ...more }] });

describe('discovery', () => {
  test('takes the first of bunctl.json, ecosystem.config.json and package.json, here and in config', () => {
    const all = {
      'bunctl.json': { apps: [app('bunctl')] },
      'ecosystem.config.json': script('ecosystem'),
      'package.json': { name: 'package', scripts: { start: 'x' } },
    };
    expect(names(folder(all))).toEqual(['bunctl']);
    const { 'bunctl.json': _, ...two } = all;
    expect(names(folder(two))).toEqual(['ecosystem']);
    expect(names(folder({ 'package.json': all['package.json'] }))).toEqual(['package']);
    expect(names(folder({ 'config/bunctl.json': all['bunctl.json'] }))).toEqual(['bunctl']);
    expect(findConfig(folder({}))).toBeUndefined();
    expect(findConfig(folder({ 'package.json': { name: 'library' } }))).toBeUndefined();
  });

  test('ends at a file in JavaScript, which is not read, and passes over a broken package.json', () => {
    const found = findConfig(
      folder({ 'ecosystem.config.js': 'process.exit(1)', 'package.json': { bunctl: { apps: [app('a')] } } }),
    );
    expect(found?.refusal).toContain('JavaScript config files are not supported for security reasons');
    expect(found?.apps).toEqual([]);
    const json = { 'ecosystem.config.js': '', 'ecosystem.config.json': script('converted') };
    expect(names(folder(json))).toEqual(['converted']);
    expect(findConfig(folder({ 'package.json': '{' }))).toBeUndefined();
  });

  test.each([
    ['api', 'api'],
    ['@acme/api', 'acme-api'],
  ])('names the app of package.json %s: %s', (name, usable) => {
    const found = folder({ 'package.json': { name, scripts: { start: 'x' } } });
    expect(names(found)).toEqual([usable]);
  });
});

describe('a bunctl.json', () => {
  test('is completed so that the daemon takes it', () => {
    const directory = folder({
      'bunctl.json': `\uFEFF${JSON.stringify({ apps: [{ ...app('a'), cwd: 'sub', stop_timeout: '1500ms', restart_policy: 'OnFailure', backoff: { max_attempts: 3 } }, app('b')] })}`,
    });
    const [a, b] = readConfig(join(directory, 'bunctl.json')).apps;
    expect(a).toMatchObject({
      cwd: join(directory, 'sub'),
      stop_timeout: { secs: 1, nanos: 500_000_000 },
      restart_policy: 'on-failure',
      backoff: { base_delay_ms: 100, max_attempts: 3 },
    });
    expect(b).toMatchObject({
      cwd: directory,
      restart_policy: 'on-failure',
      stop_timeout: { secs: 10, nanos: 0 },
    });
    for (const one of [a, b]) expect(parseAppConfig(JSON.stringify(one)).name).toBe(one?.name);
  });

  test('may give variables as numbers, true and false, which become text', () => {
    const env = { PORT: 3000, DEBUG: true, EMPTY: '' };
    const [one] = findConfig(folder({ 'bunctl.json': { apps: [{ ...app('a'), env }] } }))?.apps ?? [];
    expect(one?.env).toEqual({ PORT: '3000', DEBUG: 'true', EMPTY: '' });
  });

  test.each([
    ['"512M"', 512 * 1024 ** 2],
    ['1048576', 1024 ** 2],
    ['null', null],
    ['"much"', 'much'],
  ])('may give the most memory as %s', (text, most) => {
    const content = `{"apps":[{"name":"a","command":"x","max_memory":${text}}]}`;
    const [one] = findConfig(folder({ 'bunctl.json': content }))?.apps ?? [];
    // The daemon refuses a value that is not a size.
    expect(one?.max_memory).toBe(most);
  });

  test.each([
    ['"500ms"', { secs: 0, nanos: 500_000_000 }],
    ['"15s"', { secs: 15, nanos: 0 }],
    ['"2m"', { secs: 120, nanos: 0 }],
    ['"1h"', { secs: 3600, nanos: 0 }],
    ['1.5', { secs: 1, nanos: 500_000_000 }],
    ['{"secs":15,"nanos":1}', { secs: 15, nanos: 1 }],
  ])('may give a time as %s', (text, stop_timeout) => {
    const content = `{"apps":[{"name":"a","command":"x","stop_timeout":${text}}]}`;
    const [one] = findConfig(folder({ 'bunctl.json': content }))?.apps ?? [];
    expect(one).toMatchObject({ stop_timeout });
    expect(parseAppConfig(JSON.stringify(one)).stop_timeout).toEqual(stop_timeout);
  });

  test.each([
    ['{"apps":[\n{"name":"a"', /bunctl\.json is not valid JSON/],
    ['[]', /must hold a JSON object/],
    ['{"apps":{}}', /needs a list of apps/],
    ['{"apps":[],"other":1}', /unknown key "other"/],
    ['{"apps":[{"command":"x"}]}', /apps\[0\] needs a "name"/],
    [
      '{"apps":[{"name":"a","command":"x","commnad":"y"}]}',
      /bunctl\.json: app a has an unknown key "commnad"; did you mean "command"\?/,
    ],
    [
      '{"apps":[{"name":"a","command":"x","env":{"A":null}}]}',
      /bunctl\.json: env\.A of app a must be text, a number, true or false, not null/,
    ],
    ['{"apps":[{"name":"a","command":"x","env":[]}]}', /bunctl\.json: env of app a must be an object/],
    ['{"apps":[{"name":"a"}]}', /apps\[0\] needs a "command"/],
    ['{"apps":[{"name":"a","command":"x"},{"name":"a","command":"y"}]}', /two apps named a/],
    [
      '{"apps":[{"name":"My app","command":"x"},{"name":"my-app","command":"y"}]}',
      /two apps with the id my-app: "My app" and "my-app"/,
    ],
  ])('that is wrong is named with its fault: %s', (text, message) => {
    expect(() => findConfig(folder({ 'bunctl.json': text }))).toThrow(message);
  });
});

test('a bunctl.json says what of it is kept and not acted on, as long as it is given', () => {
  const more = { health_check: null, kill_timeout: '2s', stdout_log: '/x', max_memory: 1 };
  const { notices } = readConfig(
    join(folder({ 'bunctl.json': { apps: [app('plain'), { ...app('a'), ...more }] } }), 'bunctl.json'),
  );
  expect(notices).toEqual([
    expect.stringMatching(/bunctl\.json: kill_timeout, stdout_log of a have no effect$/),
  ]);
});

describe('an ecosystem file', () => {
  test('says what of it is not acted on', () => {
    const more = { watch: true, out_file: 'x', instances: 4 };
    const { notices } = readConfig(join(folder({ 'ecosystem.json': script('a', more) }), 'ecosystem.json'));
    expect(notices.join('\n')).toMatch(/one instance of a.*\n.*watch, out_file of a have no effect$/);
  });

  test('is translated', () => {
    const directory = folder({
      'pm2.json': script('api', {
        args: '--port 80  -v',
        env: { A: 1, B: 'x' },
        env_development: { B: 'y' },
        max_memory_restart: '512MB',
        kill_timeout: 1500,
        restart_delay: 70,
        max_restarts: 4,
        instances: 4,
        watch: true,
      }),
    });
    const { apps, notices } = readConfig(join(directory, 'pm2.json'), 'development');
    expect(notices.join()).toContain('one instance of api');
    expect(apps[0]).toMatchObject({
      command: 'node',
      args: [join(directory, 'a.js'), '--port', '80', '-v'],
      env: { A: '1', B: 'y' },
      max_memory: 512 * 1024 * 1024,
      stop_timeout: { secs: 1, nanos: 500_000_000 },
      backoff: { base_delay_ms: 70, max_attempts: 4 },
      restart_policy: 'always',
      auto_start: true,
    });
    expect(parseAppConfig(JSON.stringify(apps[0])).name).toBe('api');
  });

  test('knows other interpreters, no restart, and refuses nonsense', () => {
    const read = (more: object) =>
      readConfig(join(folder({ 'ecosystem.json': script('a', more) }), 'ecosystem.json')).apps[0];
    expect(read({ interpreter: 'none', autorestart: false, args: ['b c'] })).toMatchObject({
      command: expect.stringMatching(/[\\/]a\.js$/) as string,
      args: ['b c'],
      restart_policy: 'no',
    });
    expect(read({ interpreter: 'python3' })).toMatchObject({ command: 'python3' });
    expect(() => read({ max_memory_restart: 'lots' })).toThrow('512M');
    expect(() => read({ max_memory_restart: '0M' })).toThrow('512M');
  });
});

test('a JavaScript file that was named is refused with the way out', () => {
  expect(() => readConfig('/x/ecosystem.config.js')).toThrow(
    `Please convert ${resolve('/x/ecosystem.config.js')} to JSON format.`,
  );
});
