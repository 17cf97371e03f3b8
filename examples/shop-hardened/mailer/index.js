// Mailer reads new orders from a Redis list and sends a confirmation for each.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

import { createClient } from '@redis/client';
import { createTransport } from 'nodemailer';

const QUEUE = 'shop:mail';

// The content of the file $NAME_FILE, or else $NAME.
function setting(name) {
  const path = process.env[`${name}_FILE`];
  return path ? readFileSync(path, 'utf8').trim() : process.env[name];
}

const REDIS_URL = setting('REDIS_URL') ?? 'redis://127.0.0.1:6379';
const SMTP_URL = setting('SMTP_URL'); // unset: mails are only logged
const MAIL_FROM = setting('MAIL_FROM') ?? 'Shop <orders@shop.example.org>';
const TLS_DIR = setting('TLS_DIR'); // unset only when all runs on one machine's loopback

const tls = TLS_DIR && {
  ca: readFileSync(`${TLS_DIR}/ca.crt`),
  cert: readFileSync(`${TLS_DIR}/tls.crt`),
  key: readFileSync(`${TLS_DIR}/tls.key`),
  minVersion: 'TLSv1.2',
};

const transport = SMTP_URL ? createTransport(SMTP_URL) : createTransport({ jsonTransport: true });

const queue = createClient({
  url: REDIS_URL,
  socket: {
    ...(tls && { tls: true, ...tls }),
    // Keep trying: the mailer is of no use without its queue.
    reconnectStrategy: (attempt) => Math.min(attempt * 200, 5000),
  },
});
queue.on('error', (error) => console.error(`redis: ${error.message}`));

async function send(text) {
  let order;
  try {
    order = JSON.parse(text);
  } catch (error) {
    console.error(`dropped a message that is not JSON: ${error.message}`);
    return;
  }
  try {
    await transport.sendMail({
      from: MAIL_FROM,
      to: order.email,
      subject: `Your order ${order.id}`,
      text: `Thank you for your order.\n\n${order.quantity} x ${order.item}, placed ${order.created}.\n`,
    });
    console.log(`order ${order.id}: mail sent`);
  } catch (error) {
    console.error(`order ${order.id}: ${error.message}`);
  }
}

function answer(request, response) {
  if (request.url === '/healthz') {
    response.end('ok\n');
  } else if (request.url === '/readyz') {
    response.statusCode = queue.isReady ? 200 : 503;
    response.end(queue.isReady ? 'ok\n' : 'no queue\n');
  } else {
    response.statusCode = 404;
    response.end('not found\n');
  }
}

const [server, host, port] = tls
  ? [https.createServer(tls, answer), process.env.HOST ?? '0.0.0.0', Number(process.env.PORT ?? 8443)]
  : [http.createServer(answer), '127.0.0.1', Number(process.env.PORT ?? 8025)];
server.listen(port, host, () => console.log(`mailer listens on ${host}:${port}`));

let stopping = false;
process.on('SIGTERM', () => {
  stopping = true;
  server.close();
  if (!queue.isReady) process.exit(0); // nothing is in hand
});

await queue.connect();
while (!stopping) {
  try {
    // BRPOP blocks; a time limit lets us notice a lost server and a wish to stop.
    const entry = await queue.brPop(QUEUE, 5);
    if (entry) await send(entry.element);
  } catch (error) {
    console.error(`queue: ${error.message}`);
    await sleep(1000);
  }
}
await queue.close();
