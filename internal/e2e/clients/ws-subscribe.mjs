// Subscribes over WebSocket with the graphql-ws client and prints each result; arguments and exit
// status are in shared.mjs. With --protocol none it speaks the same messages through a bare socket
// that names no subprotocol, as a DingTalk mini-program does: the graphql-ws client cannot do that.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { readArguments, credentials, note, onStop, refused, results, retryWaitMillis } from './shared.mjs';

const args = readArguments();
const headers = args.auth === 'header' ? credentials(args) : {};
const initPayload = args.auth === 'header' ? undefined : credentials(args);

if (args.protocol === 'none') subscribeBare();
else subscribe();

function subscribe() {
  class Socket extends WebSocket {
    constructor(url, protocol) {
      super(url, protocol, { headers });
    }
  }
  const client = createClient({
    url: args.url,
    webSocketImpl: Socket,
    connectionParams: initPayload,
    retryAttempts: args.resume ? args.attempts : 0,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, retryWaitMillis)),
    // A refused connection arrives as an error rather than a close event; while a server restarts
    // that is what happens, so it is worth another try too.
    shouldRetry: () => true,
    on: {
      connected: () => note('connected'),
      closed: (event) => note(`closed ${event.code} ${event.reason}`),
    },
  });
  let unsubscribe = () => {};
  const next = results(args, () => unsubscribe());
  unsubscribe = client.subscribe(
    { query: args.query, variables: args.variables },
    {
      next,
      error: (err) => {
        if (Array.isArray(err)) refused(err);
        else process.exitCode = 3;
      },
      complete: () => note('complete'),
    },
  );
  onStop(() => {
    unsubscribe();
    client.dispose();
  });
}

function subscribeBare() {
  let socket;
  let retry;
  let stopped = false;
  let failures = 0;
  const stop = () => {
    stopped = true;
    clearTimeout(retry);
    if (socket.readyState === WebSocket.OPEN) send({ id: '1', type: 'complete' });
    socket.close(1000);
  };
  const send = (message) => socket.send(JSON.stringify(message));
  const next = results(args, stop);
  const handlers = {
    connection_ack: () => {
      note('connected');
      failures = 0;
      send({ id: '1', type: 'subscribe', payload: { query: args.query, variables: args.variables } });
    },
    ping: () => send({ type: 'pong' }),
    pong: () => {},
    next: (message) => next(message.payload),
    error: (message) => {
      refused(message.payload);
      stopped = true;
      socket.close(1000);
    },
    complete: () => {
      note('complete');
      stopped = true;
      socket.close(1000);
    },
  };
  const connect = () => {
    socket = new WebSocket(args.url, { headers });
    socket.on('open', () => send({ type: 'connection_init', payload: initPayload }));
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString());
      handlers[message.type](message);
    });
    // Every error is followed by a close, which decides what to do.
    socket.on('error', () => {});
    socket.on('close', (code, reason) => {
      note(`closed ${code} ${reason}`);
      if (stopped) return;
      // Codes from 4400 on are the server's verdict on this client, not an accident on the way.
      if (!args.resume || failures >= args.attempts || code >= 4400) {
        process.exitCode = 3;
        return;
      }
      failures += 1;
      retry = setTimeout(connect, retryWaitMillis);
    });
  };
  connect();
  onStop(stop);
}
