// Prints "N passed, N failed" from Vitest's JSON report. A file that could not even be loaded counts as one failure.
import { readFileSync } from 'node:fs';

const report = read(process.argv[2]);
const broken = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
);
const skipped = report.numPendingTests + report.numTodoTests;
const counts = [`${report.numPassedTests} passed`, `${report.numFailedTests + broken.length} failed`];
if (skipped > 0) counts.push(`${skipped} skipped`);
console.log(counts.join(', '));

/** Without a report, nothing passed. */
function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0, testResults: [] };
  }
}
