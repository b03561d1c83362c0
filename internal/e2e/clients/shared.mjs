// What the subscribing clients have in common: arguments, credentials, output, resuming.
//
//   node CLIENT.mjs URL TOKEN QUERY VARIABLES [options]
//
// TOKEN is an access token ("" for none) and VARIABLES a JSON object ("" for none).
// Standard output carries one JSON line for each result, as it comes and nothing else; standard error
// carries what happened to the connection ("connected", "closed CODE REASON", "complete").
// Exit status: 0 completed or ended by SIGTERM/SIGINT, 1 the server answered the operation with errors,
// 2 wrong arguments, 3 the connection was closed or could not be made, and was not tried again.

export const usage = `usage: node CLIENT.mjs URL TOKEN QUERY VARIABLES [options]
  --skey             TOKEN is a mini-program session key, not an access token
  --resume           reconnect when the connection drops, with the last cursor as variable "after"
  --attempts N       how often --resume tries to reconnect in a row (default 100, 200 ms apart)
  --count N          stop, as a client would, after N results
  --protocol none    (ws) name no subprotocol
  --auth header      (ws) credentials in the upgrade request instead of connection_init`;

export const retryWaitMillis = 200;

// readArguments reads the command line; it ends the process when it cannot make sense of it.
export function readArguments(argv = process.argv.slice(2)) {
  const options = { skey: false, resume: false, attempts: 100, count: Infinity, protocol: '', auth: 'init' };
  const rest = [];
  const words = [...argv];
  while (words.length > 0) {
    const word = words.shift();
    switch (word) {
      case '--skey':
        options.skey = true;
        break;
      case '--resume':
        options.resume = true;
        break;
      case '--attempts':
        options.attempts = wholeNumber(words.shift(), word);
        break;
      case '--count':
        options.count = wholeNumber(words.shift(), word);
        break;
      case '--protocol':
        options.protocol = oneOf(words.shift(), word, ['none', 'graphql-transport-ws']);
        break;
      case '--auth':
        options.auth = oneOf(words.shift(), word, ['init', 'header']);
        break;
      default:
        if (word.startsWith('--')) fail(`unknown option ${word}`);
        rest.push(word);
    }
  }
  if (rest.length !== 4) fail(`want 4 arguments, have ${rest.length}`);
  const [url, token, query, variables] = rest;
  let parsed;
  try {
    parsed = variables === '' ? {} : JSON.parse(variables);
  } catch {
    fail('VARIABLES is not JSON');
  }
  return { url, token, query, variables: parsed, ...options };
}

// credentials gives the header, or connection_init field, that signs in.
export function credentials({ token, skey }) {
  if (token === '') return {};
  return skey ? { skey: token } : { authorization: `Bearer ${token}` };
}

// results returns a function to call with every result. It prints the result, remembers its cursor in
// variables.after (the clients read the variables anew whenever they reconnect) and calls stop after
// the last one wanted.
export function results({ variables, resume, count }, stop) {
  let seen = 0;
  return (result) => {
    if (seen >= count) return;
    process.stdout.write(JSON.stringify(result) + '\n');
    // Servers refuse an operation either in place of the stream or as its only result.
    if (result.errors && !result.data) process.exitCode = 1;
    if (resume) {
      for (const value of Object.values(result.data ?? {})) {
        if (value && typeof value.cursor === 'string') variables.after = value.cursor;
      }
    }
    if (++seen === count) stop();
  };
}

export function note(text) {
  process.stderr.write(text + '\n');
}

// refused prints the errors that the server answered in place of results.
export function refused(errors) {
  process.stdout.write(JSON.stringify({ errors }) + '\n');
  process.exitCode = 1;
}

export function onStop(stop) {
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function wholeNumber(text, name) {
  if (!/^[0-9]+$/.test(text ?? '')) fail(`${name} wants a number`);
  return Number(text);
}

function oneOf(text, name, allowed) {
  if (!allowed.includes(text)) fail(`${name} wants one of: ${allowed.join(', ')}`);
  return text;
}

function fail(message) {
  note(`${message}\n${usage}`);
  process.exit(2);
}
