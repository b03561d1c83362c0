// Subscribes over server-sent events with the graphql-sse client in its distinct connections mode and
// prints each result; arguments and exit status are in shared.mjs.
import { createClient } from 'graphql-sse';
import { readArguments, credentials, note, onStop, refused, results, retryWaitMillis } from './shared.mjs';

const args = readArguments();
const client = createClient({
  url: args.url,
  singleConnection: false,
  headers: credentials(args),
  retryAttempts: args.resume ? args.attempts : 0,
  retry: () => new Promise((resolve) => setTimeout(resolve, retryWaitMillis)),
  on: { connected: () => note('connected') },
});

let unsubscribe = () => {};
const next = results(args, () => unsubscribe());
unsubscribe = client.subscribe(
  { query: args.query, variables: args.variables },
  {
    next,
    error: async (err) => {
      note(`closed ${err.message}`);
      const errors = await errorsOf(err.response);
      if (errors) refused(errors);
      else process.exitCode = 3;
    },
    complete: () => note('complete'),
  },
);
onStop(() => {
  unsubscribe();
  client.dispose();
});

// errorsOf reads the GraphQL errors of an answer that refused to stream.
async function errorsOf(response) {
  try {
    return (await response.json()).errors;
  } catch {
    return undefined;
  }
}
