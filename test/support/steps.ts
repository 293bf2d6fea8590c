// Hears the steps that daemons tell of, through the channels of node:diagnostics_channel.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect, onTestFinished } from 'vitest';
import { type StepName, STEPS } from '#dist/telemetry/steps.js';

export interface Heard {
  readonly step: StepName;
  readonly daemon: string;
  readonly [field: string]: unknown;
}

/** Every step of one daemon in this thread from now on whose name matches, in order. Each message is checked against the table. */
export function hearSteps(daemon?: string, names = /^/): Heard[] {
  const heard: Heard[] = [];
  for (const step of (Object.keys(STEPS) as StepName[]).filter((name) => names.test(name))) {
    const listener = (message: unknown): void => {
      const fields = message as { readonly daemon: string };
      if (daemon === undefined || fields.daemon === daemon)
        heard.push({ ...fields, daemon: fields.daemon, step });
    };
    subscribe(`bunctl-ipc:${step}`, listener);
    onTestFinished(() => {
      unsubscribe(`bunctl-ipc:${step}`, listener);
      for (const { step: told, ...fields } of heard.filter((each) => each.step === step)) {
        const named = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : name));
        expect(['daemon', ...STEPS[told].fields]).toEqual(expect.arrayContaining(named));
      }
    });
  }
  return heard;
}
