import fc from 'fast-check';

// What holds for any value is searched on Node, a hundred of them at a time. Inside workerd it is asked whether the
// platform makes a difference, for which a quarter does, and hashing without Node's takes its time.
fc.configureGlobal({ numRuns: 25 });
