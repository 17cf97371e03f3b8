const fs = require("fs");
const http = require("http");
const path = require("path");
const page = fs.readFileSync(path.join(__dirname, "index.html"));
http.createServer((request, answer) => answer.end(page)).listen(process.env.PORT);
