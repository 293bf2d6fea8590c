// The look-up of programs on Windows, on a file system of the test's own.
import { expect, test } from 'vitest';
import { windowsProgram } from '#dist/supervisor/host/windows/program.js';

const NODE = 'D:\\node\\node.exe';

/** Looks a program up where only these files are. Windows does not distinguish them by case. */
function lookUp(
  files: readonly string[],
  command: string,
  env: Record<string, string> = {},
  args: readonly string[] = ['x'],
) {
  const there = new Set(files.map((file) => file.toLowerCase()));
  return windowsProgram(
    { command, args, cwd: 'C:\\app', env: { Path: 'C:\\bin;"C:\\Program Files\\nodejs";C:\\later', ...env } },
    {
      isFile: async (path) => there.has(path.toLowerCase()),
      isFolder: async (path) => path === 'C:\\app',
      node: NODE,
    },
  );
}

test('a name is found in a folder of PATH, by the endings of PATHEXT in their order, however the variables are written', async () => {
  const files = ['C:\\bin\\tool', 'C:\\bin\\tool.cmd', 'C:\\bin\\tool.exe', 'C:\\later\\tool.com'];
  expect((await lookUp(files, 'tool')).command).toBe('C:\\bin\\tool.exe');
  expect((await lookUp(files, 'tool', { PathExt: '.COM' })).command).toBe('C:\\later\\tool.com');
  expect((await lookUp(files, 'tool.exe')).command).toBe('C:\\bin\\tool.exe');
});

test('nothing is taken from the current folder unless it is named', async () => {
  await expect(lookUp(['C:\\app\\tool.exe'], 'tool')).rejects.toMatchObject({ code: 'ENOENT' });
  for (const named of ['.\\tool', './tool', 'C:\\app\\tool.exe', 'C:/app/tool'])
    expect((await lookUp(['C:\\app\\tool.exe'], named)).command).toBe('C:\\app\\tool.exe');
});

test('a batch file, such as npm, is run by cmd.exe, whose path is not looked up', async () => {
  const npm = 'C:\\Program Files\\nodejs\\npm.cmd';
  const found = await lookUp([npm], 'npm', { SYSTEMROOT: 'E:\\Win' }, ['start', 'a&b']);
  expect(found).toEqual({
    command: 'E:\\Win\\System32\\cmd.exe',
    args: ['/e:on', '/v:off', '/d', '/s', '/c', `""${npm}" start "a&b""`],
    verbatim: true,
    isNode: false,
  });
});

test('a JavaScript file runs with this Node, and so does node where PATH has none', async () => {
  const run = { command: NODE, verbatim: false, isNode: true };
  expect(await lookUp(['C:\\app\\a.js'], '.\\a.js')).toEqual({ ...run, args: ['C:\\app\\a.js', 'x'] });
  expect(await lookUp([], 'node')).toEqual({ ...run, args: ['x'] });
  expect((await lookUp(['C:\\bin\\node.exe'], 'node')).command).toBe('C:\\bin\\node.exe');
});

test('a Python file runs with the first of py and python that is there', async () => {
  const found = await lookUp(['C:\\app\\a.py', 'C:\\later\\python.exe'], 'C:\\app\\a.py');
  expect([found.command, found.args, found.isNode]).toEqual([
    'C:\\later\\python.exe',
    ['C:\\app\\a.py', 'x'],
    false,
  ]);
  await expect(lookUp(['C:\\app\\a.py'], '.\\a.py')).rejects.toThrow(/py, python/);
});

test('a shell script is refused with a sentence that says what to type', async () => {
  await expect(lookUp(['C:\\app\\a.sh'], '.\\a.sh')).rejects.toThrow(
    /bunctl start NAME -- bash C:\\app\\a\.sh/,
  );
});
