// Mailer reads new orders from a Redis list and sends a confirmation for each.
'use strict';

const http = require('http');
const handlebars = require('handlebars');
const nodemailer = require('nodemailer');
const redis = require('redis');

const QUEUE = 'shop:mail';
const REDIS_URL = process.env.REDIS_URL || 'redis://:k8Rw2vPz5NqLt3Yd@redis:6379';
const SMTP_URL = process.env.SMTP_URL; // unset: mails are only logged
const MAIL_FROM = process.env.MAIL_FROM || 'Shop <orders@shop.example.org>';
const PORT = Number(process.env.PORT || 8025);
const HOST = process.env.HOST || '0.0.0.0';

const subject = handlebars.compile('Your order {{id}}');
const body = handlebars.compile(
  '<p>Thank you for your order.</p><p>{{quantity}} x {{item}}, placed {{created}}.</p>'
);

const transport = SMTP_URL
  ? nodemailer.createTransport(SMTP_URL)
  : nodemailer.createTransport({ jsonTransport: true });

const client = redis.createClient(REDIS_URL, {
  // Keep trying: the mailer is of no use without its queue.
  retry_strategy: ({ attempt }) => Math.min(attempt * 200, 5000),
});
client.on('error', (error) => console.error(`redis: ${error.message}`));

function send(text, done) {
  let order;
  try {
    order = JSON.parse(text);
  } catch (error) {
    console.error(`dropped a message that is not JSON: ${error.message}`);
    done();
    return;
  }
  const mail = { from: MAIL_FROM, to: order.email, subject: subject(order), html: body(order) };
  transport.sendMail(mail, (error) => {
    if (error) {
      console.error(`order ${order.id}: ${error.message}`);
    } else {
      console.log(`order ${order.id}: mail sent to ${order.email}`);
    }
    done();
  });
}

function next() {
  // brpop blocks until a message comes; a time limit lets us notice a lost server.
  client.brpop(QUEUE, 5, (error, entry) => {
    if (error) {
      setTimeout(next, 1000);
    } else if (entry) {
      send(entry[1], next);
    } else {
      next();
    }
  });
}

const server = http.createServer((request, response) => {
  if (request.url === '/healthz') {
    response.end('ok\n');
  } else {
    response.statusCode = 404;
    response.end('not found\n');
  }
});

server.listen(PORT, HOST, () => console.log(`mailer listens on ${HOST}:${PORT}`));
next();

process.on('SIGTERM', () => {
  server.close();
  client.quit(() => process.exit(0));
});
