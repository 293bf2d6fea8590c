// Properties are tried with the same values each time: Stryker finds a test again by its name, which has the seed in it. A failure
// is not made shorter, since nobody reads it.
import fc from 'fast-check';

fc.configureGlobal({ seed: 1, endOnFailure: true });
