// Names of files that Windows would take for devices.
import { expect, test } from 'vitest';
import { fileName, idOfFile } from '#dist/supervisor/model/file-name.js';

test.each(['con', 'nul', 'aux', 'prn', 'com1', 'com9', 'lpt1', 'con.web', 'nul.tar.gz', 'com0'])(
  '%s is the name of a device, with an ending too',
  (id) => {
    expect(fileName(id, 'win32')).toBe(`=${id}`);
    expect(fileName(id, 'linux')).toBe(id);
    expect(idOfFile(fileName(id, 'win32'))).toBe(id);
  },
);

test.each(['console', 'com', 'com10', 'null', 'my-con', 'a.con', 'lpt'])('%s is not', (id) => {
  expect(fileName(id, 'win32')).toBe(id);
});
