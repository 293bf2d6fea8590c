// The facts of the system that this process runs on.
import { macOs } from './darwin.js';
import { type SystemFacts, UNKNOWN } from './facts.js';
import { linux } from './linux.js';
import { windows } from './windows.js';

const SYSTEMS: Partial<Record<NodeJS.Platform, () => SystemFacts>> = {
  linux: () => linux,
  darwin: () => macOs(),
  win32: () => windows(),
};

export const system: SystemFacts = SYSTEMS[process.platform]?.() ?? UNKNOWN;
