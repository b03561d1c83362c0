// Runs every server check of graphql-http (the reference of GraphQL over HTTP) against URL and prints
// one line a check: status, id, name, and for what is not ok the reason and the answer.
//
//   node audit.mjs URL
//
// Exit status: 0 only when every check is ok; a notice, a warning and an error each make it 1.
import { auditServer } from 'graphql-http';

const url = process.argv[2];
if (process.argv.length !== 3 || !/^https?:\/\//.test(url)) {
  process.stderr.write('usage: node audit.mjs URL\n');
  process.exit(2);
}

const audits = await auditServer({ url, fetchFn: fetch });
const counts = { ok: 0, notice: 0, warn: 0, error: 0 };
for (const audit of audits) {
  counts[audit.status] += 1;
  process.stdout.write(`${audit.status.padEnd(6)} ${audit.id} ${audit.name}\n`);
  if (audit.status !== 'ok') process.stdout.write(await explain(audit));
}
process.stdout.write(
  `${audits.length} checks: ${counts.ok} ok, ${counts.notice} notices, ${counts.warn} warnings, ${counts.error} errors\n`,
);
process.exitCode = audits.length > 0 && counts.ok === audits.length ? 0 : 1;

async function explain({ reason, response }) {
  let body = '';
  try {
    body = await response.text();
  } catch {
    // The check has read the body already; the reason alone has to do.
  }
  const type = response.headers.get('content-type');
  return `       ${reason}\n       answer: ${response.status} ${type} ${body.trim()}\n`;
}
