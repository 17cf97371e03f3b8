// Exit 0 when the server on this machine answers. For HEALTHCHECK, as the image has no curl.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

const directory = process.env.TLS_DIR;
const [client, url, options] = directory
  ? [https, 'https://localhost:8443/healthz', { ca: readFileSync(`${directory}/ca.crt`) }]
  : [http, 'http://127.0.0.1:8025/healthz', {}];

client
  .get(url, { ...options, timeout: 2000 }, (response) => process.exit(response.statusCode === 200 ? 0 : 1))
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1));
