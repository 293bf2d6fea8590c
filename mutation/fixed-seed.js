// Properties are tried with the same values each time: their seed is part of a test's name, by which Stryker finds it again.
import fc from 'fast-check';

fc.configureGlobal({ seed: 1 });
